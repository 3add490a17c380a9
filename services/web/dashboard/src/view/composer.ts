import { sendMessage } from '../../../../../libs/browser/src/index.ts'
import { attempt } from './attempt.ts'
import { element } from './element.ts'

/** Most characters of a message, by Discord. */
const LONGEST = 2_000

/** Where a message is written. What could not be sent stays in the field. */
export class Composer {
  readonly node: HTMLFormElement
  readonly #text = element('textarea', { rows: '2', maxlength: String(LONGEST), 'aria-label': 'Your message', placeholder: 'Write something', 'data-testid': 'message-text' })
  readonly #send = element('button', { type: 'submit', class: 'button primary', 'data-testid': 'message-send' }, 'Send')
  readonly #outcome = element('p', { class: 'outcome', role: 'status' })
  /** What was tried last: the same again after a lost answer is one message. */
  #tried = { content: '', idempotencyKey: '' }

  constructor(readonly channelId: string) {
    this.node = element('form', { class: 'composer', hidden: '' }, this.#outcome, this.#text, this.#send)
    this.node.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#write()
    })
    this.#text.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      this.node.requestSubmit()
    })
  }

  async #write(): Promise<void> {
    const content = this.#text.value.trim()
    if (content === '') return
    if (this.#tried.content !== content) this.#tried = { content, idempotencyKey: crypto.randomUUID() }
    const { idempotencyKey } = this.#tried
    const work = async () => {
      await sendMessage({ channelId: this.channelId, content }, { idempotencyKey })
      this.#tried = { content: '', idempotencyKey: '' }
      // What was typed meanwhile stays.
      if (this.#text.value.trim() === content) this.#text.value = ''
    }
    await attempt(this.#send, this.#outcome, work, { content: 'The message' })
  }
}
