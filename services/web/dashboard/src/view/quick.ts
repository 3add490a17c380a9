import { addReaction, type TalkMessage } from '../../../../../libs/browser/src/index.ts'
import { attempt } from './attempt.ts'
import { element } from './element.ts'

/** What can be added with one press; others from Discord. */
const QUICK = ['👍', '❤️', '🎉']

/** The buttons beside the message that is looked at: one row for all messages. */
export class Quick {
  readonly #outcome = element('span', { class: 'outcome', role: 'status' })
  readonly #node = element('div', { class: 'quick', role: 'group', 'aria-label': 'React', title: 'The reaction is Fanfare’s, one for everybody here' },
    this.#outcome, ...QUICK.map((emoji) => this.#button(emoji)))
  #message: TalkMessage | undefined

  /** Puts it beside a message. */
  beside(node: HTMLElement, message: TalkMessage): void {
    if (this.#message?.messageId !== message.messageId) this.#outcome.textContent = ''
    this.#message = message
    if (this.#node.parentElement !== node) node.append(this.#node)
  }

  #button(emoji: string): HTMLButtonElement {
    const button = element('button', { type: 'button', 'aria-label': `React with ${emoji}` }, emoji)
    button.addEventListener('click', () => {
      if (this.#message === undefined) return
      const { channelId, messageId } = this.#message
      void attempt(button, this.#outcome, async () => { await addReaction({ channelId, messageId, emoji }) })
    })
    return button
  }
}
