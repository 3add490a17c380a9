import { abilities, connectUserToVoiceChannel, deleteRoom, FanfareError, type Ability, type Me, type Room } from '../../../../../libs/browser/src/index.ts'
import { attempt, outcomeLine } from './attempt.ts'
import { Composer } from './composer.ts'
import { Dialog } from './dialog.ts'
import { inDiscord } from './discord.ts'
import { element, setText } from './element.ts'
import { icon } from './icon.ts'
import { invite } from './invite.ts'
import { TalkView } from './talk.ts'

/** How often it is asked what the user may do here, and how soon again where there was no answer. */
const [EVERY_MS, AGAIN_MS] = [60_000, 3_000]

/** One room beside the others: what can be done there, and what is written there. */
export class Panel {
  readonly node: HTMLElement
  readonly #name = element('h2', { id: 'panel-title', tabindex: '-1' })
  readonly #enter = element('button', { type: 'button', class: 'button quiet', hidden: '', 'data-testid': 'enter' }, 'Move me here')
  readonly #invite = element('button', { type: 'button', class: 'button quiet', hidden: '', 'data-testid': 'invite' }, 'Invite')
  readonly #remove = element('button', { type: 'button', class: 'button quiet', hidden: '', 'data-testid': 'remove' }, 'Close the room')
  readonly #outcome = outcomeLine()
  readonly #talk: TalkView
  readonly #composer: Composer
  readonly #over = new AbortController()
  #room: Room
  #may: readonly Ability[] = []
  #window: Dialog | undefined
  #timer: number | undefined

  constructor(readonly me: Me, readonly guildId: string, room: Room, announcer: HTMLElement, onClose: () => void) {
    this.#room = room
    const close = element('button', { type: 'button', class: 'close', 'aria-label': 'Back to the activity' }, '×')
    close.addEventListener('click', onClose)
    this.#enter.addEventListener('click', () => void attempt(this.#enter, this.#outcome, () => this.#move()))
    this.#invite.addEventListener('click', () => { this.#window = invite(this.#room) })
    this.#remove.addEventListener('click', () => { this.#window = this.#confirm() })
    this.#talk = new TalkView(me, guildId, room.channelId, announcer)
    this.#composer = new Composer(room.channelId)
    this.node = element('aside', { class: 'panel', 'data-testid': 'panel', 'data-channel-id': room.channelId, 'aria-labelledby': this.#name.id },
      element('header', { class: 'dialog-head' }, icon('speaker'), this.#name, close),
      element('div', { class: 'actions' }, this.#enter, this.#invite, inDiscord(guildId, room.channelId, 'Open in Discord', 'quiet'), this.#remove),
      this.#outcome, this.#talk.node, this.#composer.node)
    this.update(room)
    void this.#learn()
  }

  get channelId(): string {
    return this.#room.channelId
  }

  /** To be called when it is on the page. */
  focus(): void {
    this.#name.focus({ preventScroll: true })
    this.node.scrollIntoView({ block: 'nearest' })
  }

  update(room: Room): void {
    this.#room = room
    setText(this.#name, room.name)
    this.#show()
  }

  close(): void {
    this.#over.abort()
    clearTimeout(this.#timer)
    this.#window?.close()
    this.#talk.close()
    this.node.remove()
  }

  /** Asks what the user may do here, now and then again: roles change. */
  async #learn(): Promise<void> {
    let pause = EVERY_MS
    try {
      this.#may = (await abilities(this.channelId, { signal: this.#over.signal })).may
      this.#talk.allow(this.#may)
      this.#show()
    } catch (error) {
      // Until the next answer it stays as it was: the server decides anyway.
      pause = error instanceof FanfareError ? (error.retryAfterMs ?? AGAIN_MS) : AGAIN_MS
    }
    if (!this.#over.signal.aborted) this.#timer = setTimeout(() => void this.#learn(), pause)
  }

  #show(): void {
    const inside = this.#room.members.some(({ userId }) => userId === this.me.userId)
    this.#enter.hidden = inside || !this.#may.includes('connectSelf')
    this.#invite.hidden = !this.#may.includes('createInvite')
    this.#remove.hidden = !this.#may.includes('deleteRoom')
    this.#composer.node.hidden = !this.#may.includes('sendMessage')
  }

  async #move(): Promise<void> {
    await connectUserToVoiceChannel({ guildId: this.guildId, channelId: this.channelId, userId: this.me.userId })
  }

  #confirm(): Dialog {
    const dialog = new Dialog(`Close ${this.#room.name}?`, 'remove-dialog')
    const outcome = outcomeLine()
    const keep = element('button', { type: 'button', class: 'button quiet', autofocus: '' }, 'Keep it')
    const remove = element('button', { type: 'button', class: 'button primary', 'data-testid': 'remove-really' }, 'Close it')
    keep.addEventListener('click', () => dialog.close())
    remove.addEventListener('click', () => void attempt(remove, outcome, async () => {
      try {
        await deleteRoom({ channelId: this.channelId })
      } catch (error) {
        // After a lost answer it may be gone already.
        if (!(error instanceof FanfareError && error.status === 404)) throw error
      }
      dialog.close()
    }))
    return dialog.open(element('p', {}, 'Whoever is in it is put out, and what was written in it is gone.'), outcome, element('div', { class: 'dialog-actions' }, keep, remove))
  }
}
