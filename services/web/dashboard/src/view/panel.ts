import { connectUserToVoiceChannel, deleteRoom, type Ability, type Me, type Room } from '../../../../../libs/browser/src/index.ts'
import { attempt, Dialog, outcomeLine } from './dialog.ts'
import { element, setText } from './element.ts'
import { icon } from './icon.ts'
import { invite } from './invite.ts'
import { inDiscord } from './new-room.ts'
import { TalkView } from './talk.ts'

/** One room beside the others: what can be done there, and what is written there. */
export class Panel {
  readonly node: HTMLElement
  readonly #name = element('h2', { id: 'panel-title' })
  readonly #enter = element('button', { type: 'button', class: 'button quiet', hidden: '', 'data-testid': 'enter' }, 'Move me here')
  readonly #invite = element('button', { type: 'button', class: 'button quiet', hidden: '', 'data-testid': 'invite' }, 'Invite')
  readonly #remove = element('button', { type: 'button', class: 'button quiet', hidden: '', 'data-testid': 'remove' }, 'Close the room')
  readonly #outcome = outcomeLine()
  readonly #talk: TalkView
  #room: Room
  #may: readonly Ability[] = []

  constructor(readonly me: Me, readonly guildId: string, room: Room, onClose: () => void) {
    this.#room = room
    const close = element('button', { type: 'button', class: 'close', 'aria-label': 'Back to the activity' }, '×')
    close.addEventListener('click', onClose)
    this.#enter.addEventListener('click', () => void attempt(this.#enter, this.#outcome, () => this.#move()))
    this.#invite.addEventListener('click', () => invite(this.#room))
    this.#remove.addEventListener('click', () => this.#confirm())
    this.#talk = new TalkView(me, guildId, room.channelId, (may) => {
      this.#may = may
      this.#show()
    })
    const there = inDiscord(guildId, room.channelId)
    there.className = 'button quiet'
    this.node = element('aside', { class: 'panel', 'data-testid': 'panel', 'data-channel-id': room.channelId, 'aria-labelledby': this.#name.id },
      element('header', { class: 'dialog-head' }, icon('speaker'), this.#name, close),
      element('div', { class: 'actions' }, this.#enter, this.#invite, there, this.#remove), this.#outcome, this.#talk.node)
    this.update(room)
  }

  get channelId(): string {
    return this.#room.channelId
  }

  update(room: Room): void {
    this.#room = room
    setText(this.#name, room.name)
    this.#show()
  }

  close(): void {
    this.#talk.close()
    this.node.remove()
  }

  #show(): void {
    const inside = this.#room.members.some(({ userId }) => userId === this.me.userId)
    this.#enter.hidden = inside || !this.#may.includes('connectSelf')
    this.#invite.hidden = !this.#may.includes('createInvite')
    this.#remove.hidden = !this.#may.includes('deleteRoom')
  }

  async #move(): Promise<void> {
    await connectUserToVoiceChannel({ guildId: this.guildId, channelId: this.channelId, userId: this.me.userId })
  }

  #confirm(): void {
    const dialog = new Dialog(`Close ${this.#room.name}?`, 'remove-dialog')
    const outcome = outcomeLine()
    const keep = element('button', { type: 'button', class: 'button quiet' }, 'Keep it')
    const remove = element('button', { type: 'button', class: 'button primary', 'data-testid': 'remove-really' }, 'Close it')
    keep.addEventListener('click', () => dialog.close())
    remove.addEventListener('click', () => void attempt(remove, outcome, async () => {
      await deleteRoom({ channelId: this.channelId })
      dialog.close()
    }))
    dialog.open(element('p', {}, 'Whoever is in it is put out, and what was written in it is gone.'), outcome, element('div', { class: 'dialog-actions' }, keep, remove))
  }
}
