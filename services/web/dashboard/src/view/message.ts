import type { Author, Me, TalkMessage } from '../../../../../libs/browser/src/index.ts'
import { element, reconcile, setText } from './element.ts'
import { picture, setPicture } from './picture.ts'

/** Whether somebody wrote it, in Discord or through Fanfare. */
export function isOf({ author }: { readonly author: Author }, { userId }: Me): boolean {
  return author.onBehalfOf === userId || author.userId === userId
}

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
  #shown: TalkMessage

  constructor(message: TalkMessage, readonly me: Me) {
    this.#shown = message
    this.node = element('li', { class: 'message', tabindex: '-1', 'data-testid': 'message', 'data-message-id': message.messageId },
      this.#avatar, element('div', { class: 'said' }, element('p', { class: 'by' }, this.#name, this.#time), this.#text, this.#files, this.#reactions))
    this.#draw(message)
  }

  get message(): TalkMessage {
    return this.#shown
  }

  update(message: TalkMessage): void {
    if (message === this.#shown) return
    this.#shown = message
    this.#draw(message)
  }

  #draw(message: TalkMessage): void {
    const { author, createdAt, editedAt, content, attachments, reactions } = message
    this.node.classList.toggle('own', isOf(message, this.me))
    setPicture(this.#avatar, author.avatarUrl, author.displayName)
    setText(this.#name, author.displayName)
    this.#time.dateTime = new Date(createdAt).toISOString()
    setText(this.#time, clock(createdAt) + (editedAt === null ? '' : ', edited'))
    setText(this.#text, content ?? 'Discord does not give this text to Fanfare.')
    this.#text.classList.toggle('withheld', content === null)
    this.#text.hidden = content === ''
    const files = attachments.filter(({ url }) => /^https?:/.test(url))
    this.#files.replaceChildren(...files.map(({ url, filename }) => element('li', {}, element('a', { href: url, target: '_blank', rel: 'noreferrer' }, filename))))
    // How many there are all in all is not known: only those that came since are.
    reconcile(this.#reactions, this.#chips, reactions, ({ emoji }) => emoji,
      ({ emoji }) => element('span', { class: 'chip', 'data-testid': 'reaction' }, shown(emoji)), () => {})
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
