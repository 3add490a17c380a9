import { addReaction, type Me, type TalkMessage } from '../../../../../libs/browser/src/index.ts'
import { attempt } from './dialog.ts'
import { element, reconcile, setText } from './element.ts'
import { picture, setPicture } from './picture.ts'

/** What can be added with one press; others from Discord. */
const QUICK = ['👍', '❤️', '🎉']

/** A message of a talk. */
export class MessageView {
  readonly node: HTMLElement
  readonly #avatar = picture('avatar', null, '')
  readonly #name = element('strong', {})
  readonly #time = element('time', {})
  readonly #text = element('p', { class: 'text' })
  readonly #files = element('ul', { class: 'files' })
  readonly #reactions = element('div', { class: 'reactions' })
  readonly #chips = new Map<string, HTMLElement>()
  readonly #outcome = element('p', { class: 'outcome', role: 'status' })
  #shown: TalkMessage | undefined

  constructor(message: TalkMessage, readonly me: Me, mayReact: boolean) {
    const quick = element('div', { class: 'quick', title: 'The reaction is Fanfare’s, one for everybody here' },
      ...(mayReact ? QUICK.map((emoji) => this.#react(emoji)) : []))
    this.node = element('li', { class: 'message', 'data-testid': 'message', 'data-message-id': message.messageId },
      this.#avatar, element('div', { class: 'said' }, element('p', { class: 'by' }, this.#name, this.#time), this.#text, this.#files, this.#reactions, this.#outcome), quick)
  }

  update(message: TalkMessage): void {
    if (message === this.#shown) return
    this.#shown = message
    const { author, createdAt, editedAt } = message
    const own = author.onBehalfOf === this.me.userId || author.userId === this.me.userId
    this.node.classList.toggle('own', own)
    setPicture(this.#avatar, author.avatarUrl, author.displayName)
    setText(this.#name, author.displayName)
    this.#time.dateTime = new Date(createdAt).toISOString()
    setText(this.#time, clock(createdAt) + (editedAt === null ? '' : ', edited'))
    setText(this.#text, message.content ?? 'Discord does not give this text to Fanfare.')
    this.#text.classList.toggle('withheld', message.content === null)
    this.#text.hidden = message.content === ''
    this.#files.replaceChildren(...message.attachments.map(({ url, filename }) =>
      element('li', {}, element('a', { href: url, target: '_blank', rel: 'noreferrer' }, filename))))
    reconcile(this.#reactions, this.#chips, message.reactions, ({ emoji }) => emoji,
      () => element('span', { class: 'chip', 'data-testid': 'reaction' }),
      (chip, { emoji, userIds }) => setText(chip, `${shown(emoji)} ${userIds.length}`))
  }

  #react(emoji: string): HTMLButtonElement {
    const button = element('button', { type: 'button', 'aria-label': `React with ${emoji}` }, emoji)
    button.addEventListener('click', () => {
      const message = this.#shown
      if (message === undefined) return
      void attempt(button, this.#outcome, async () => {
        await addReaction({ channelId: message.channelId, messageId: message.messageId, emoji })
      })
    })
    return button
  }
}

/** A guild's own emoji by its name; pictures of them are Discord's. */
function shown(emoji: string): string {
  const [name, id] = emoji.split(':')
  return id === undefined ? emoji : `:${name}:`
}

/** Today's by the clock, older ones with the day. */
function clock(ms: number): string {
  const at = new Date(ms)
  const time = at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
  return at.toDateString() === new Date().toDateString() ? time : `${at.toLocaleDateString()} ${time}`
}
