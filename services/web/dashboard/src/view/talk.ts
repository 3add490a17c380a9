import {
  abilities, applyToTalk, FanfareError, messages, noTalk, openStream, sendMessage, withPage,
  type Ability, type Me, type Stream, type StreamEvent, type Talk,
} from '../../../../../libs/browser/src/index.ts'
import { attempt, words } from './dialog.ts'
import { element, reconcile } from './element.ts'
import { MessageView } from './message.ts'

/** Messages read at a time. */
const PAGE = 50
/** Most characters of a message, by Discord. */
const LONGEST = 2_000
/** How near its end the list has to be to follow what is new, in pixels. */
const NEAR = 80

/** What is written in one channel: read, followed, and written. */
export class TalkView {
  readonly node: HTMLElement
  readonly #list = element('ol', { class: 'messages', role: 'log', 'aria-label': 'Messages', tabindex: '0' })
  readonly #earlier = element('button', { type: 'button', class: 'button quiet', hidden: '' }, 'Earlier')
  readonly #hint = element('p', { class: 'plain', role: 'status' }, 'Reading …')
  readonly #text = element('textarea', { rows: '2', maxlength: String(LONGEST), 'aria-label': 'Your message', placeholder: 'Write something', 'data-testid': 'message-text' })
  readonly #send = element('button', { type: 'submit', class: 'button primary', 'data-testid': 'message-send' }, 'Send')
  readonly #outcome = element('p', { class: 'outcome', role: 'status' })
  readonly #form: HTMLFormElement
  readonly #made = new Map<string, HTMLElement>()
  readonly #views = new Map<string, MessageView>()
  readonly #stream: Stream
  readonly #over = new AbortController()
  #may: readonly Ability[] = []
  #talk: Talk
  #frame: number | undefined
  #idempotencyKey = crypto.randomUUID()

  constructor(readonly me: Me, readonly guildId: string, readonly channelId: string, onAbilities: (may: readonly Ability[]) => void) {
    this.#talk = noTalk(channelId)
    this.#form = element('form', { class: 'composer', hidden: '' }, this.#text, this.#send)
    this.node = element('div', { class: 'talk' }, this.#hint, this.#earlier, this.#list, this.#outcome, this.#form)
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#write()
    })
    this.#text.addEventListener('input', () => { this.#idempotencyKey = crypto.randomUUID() })
    this.#text.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      this.#form.requestSubmit()
    })
    this.#earlier.addEventListener('click', () => void attempt(this.#earlier, this.#outcome, () => this.#read(this.#talk.messages[0]?.messageId)))
    // First followed, then read: nothing falls in between.
    this.#stream = openStream({ guilds: [guildId], events: ['message.*', 'reaction.*'], onEvent: (event) => this.#receive(event) })
    void this.#begin(onAbilities)
  }

  close(): void {
    this.#over.abort()
    this.#stream.close()
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
  }

  async #begin(onAbilities: (may: readonly Ability[]) => void): Promise<void> {
    try {
      this.#may = (await abilities(this.channelId, { signal: this.#over.signal })).may
    } catch (error) {
      if (!this.#over.signal.aborted) this.#hint.textContent = words(error)
      return
    }
    onAbilities(this.#may)
    this.#form.hidden = !this.#may.includes('sendMessage')
    await this.#readLatest()
  }

  async #readLatest(): Promise<void> {
    if (!this.#may.includes('readMessages')) {
      this.#hint.textContent = 'What was written here before is not for you to read. What comes now shows up here.'
      return
    }
    try {
      await this.#read()
      this.#hint.textContent = this.#talk.messages.length === 0 ? 'Nothing was written here yet.' : ''
    } catch (error) {
      if (!this.#over.signal.aborted) this.#hint.textContent = words(error)
    }
  }

  async #read(before?: string): Promise<void> {
    const page = (await messages(this.channelId, { limit: PAGE, ...(before === undefined ? {} : { before }) }, { signal: this.#over.signal })).messages
    const top = this.#list.scrollHeight - this.#list.scrollTop
    this.#talk = withPage(this.#talk, page)
    this.#earlier.hidden = page.length < PAGE
    this.#paint()
    // What was in view stays there.
    if (before !== undefined) this.#list.scrollTop = this.#list.scrollHeight - top
  }

  #receive(event: StreamEvent): void {
    if (event.event === 'reset') void this.#readLatest()
    const talk = applyToTalk(this.#talk, event)
    if (talk === this.#talk) return
    this.#talk = talk
    this.#hint.textContent = ''
    this.#frame ??= requestAnimationFrame(() => this.#paint())
    if (document.hidden) this.#paint()
  }

  #paint(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#frame = undefined
    const follows = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < NEAR
    const mayReact = this.#may.includes('addReaction')
    reconcile(this.#list, this.#made, this.#talk.messages, ({ messageId }) => messageId,
      (message) => {
        const view = new MessageView(message, this.me, mayReact)
        this.#views.set(message.messageId, view)
        return view.node
      },
      (_, message) => this.#views.get(message.messageId)?.update(message),
      (node) => {
        this.#views.delete(node.dataset['messageId'] ?? '')
        node.remove()
      })
    if (follows) this.#list.scrollTop = this.#list.scrollHeight
  }

  async #write(): Promise<void> {
    const content = this.#text.value.trim()
    if (content === '') return
    const sent = await attempt(this.#send, this.#outcome, async () => {
      try {
        await sendMessage({ channelId: this.channelId, content }, { idempotencyKey: this.#idempotencyKey })
      } catch (error) {
        const wrong = error instanceof FanfareError ? error.field('content') : undefined
        throw wrong === undefined || !(error instanceof FanfareError) ? error : new FanfareError({ ...error.problem, detail: `The message ${wrong}.` })
      }
    })
    if (!sent) return
    this.#text.value = ''
    this.#idempotencyKey = crypto.randomUUID()
    this.#text.focus()
  }
}
