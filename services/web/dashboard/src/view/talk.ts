import {
  applyToTalk, MESSAGES_KEPT, messages, noTalk, openStream, withPage,
  type Ability, type Me, type MessageCreated, type Stream, type StreamEvent, type StreamStatus, type Talk,
} from '../../../../../libs/browser/src/index.ts'
import { attempt, words } from './attempt.ts'
import { element, reconcile, setText } from './element.ts'
import { isOf, MessageView } from './message.ts'
import { Quick } from './quick.ts'

/** Messages read at a time. */
const PAGE = 50
/** The shortest time between two messages that are read out. */
const SPEAK_MS = 3_000
/** How near its end the list has to be to follow what is new, in pixels. */
const NEAR = 80

const HINTS = {
  reading: 'Reading …',
  empty: 'Nothing was written here yet.',
  closed: 'What is written here is not for you to read.',
  deaf: 'What is written does not come here at the moment. It comes back by itself.',
} as const

/** What is written in one channel: read and followed. */
export class TalkView {
  readonly node: HTMLElement
  readonly #list = element('ol', { class: 'messages', 'aria-label': 'Messages', tabindex: '0' })
  readonly #earlier = element('button', { type: 'button', class: 'button quiet', hidden: '' }, 'Earlier')
  readonly #hint = element('p', { class: 'plain', role: 'status' }, HINTS.reading)
  readonly #outcome = element('p', { class: 'outcome', role: 'status' })
  readonly #quick = new Quick()
  readonly #made = new Map<string, HTMLElement>()
  readonly #views = new Map<string, MessageView>()
  readonly #stream: Stream
  readonly #over = new AbortController()
  #may: readonly Ability[] | undefined
  #talk: Talk
  #status: StreamStatus = 'connecting'
  /** Rises when what is read before does not count any more. */
  #round = 0
  #trouble = ''
  #read = false
  #frame: number | undefined
  #spoken = 0

  constructor(readonly me: Me, readonly guildId: string, readonly channelId: string, readonly announcer: HTMLElement) {
    this.#talk = noTalk(channelId)
    this.node = element('div', { class: 'talk' }, this.#hint, this.#earlier, this.#list, this.#outcome)
    this.#earlier.addEventListener('click', () => void attempt(this.#earlier, this.#outcome, () => this.#page(this.#talk.messages[0]?.messageId)))
    for (const kind of ['mouseover', 'focusin'] as const) this.#list.addEventListener(kind, ({ target }) => this.#lookAt(target))
    this.#list.addEventListener('keydown', (event) => this.#walk(event))
    this.#stream = openStream({
      guilds: [guildId],
      events: ['message.*', 'reaction.*'],
      onEvent: (event) => this.#receive(event),
      onStatus: (status) => {
        this.#status = status
        // Read when it is followed: nothing falls in between.
        if (status === 'open') void this.#readLatest()
        this.#say()
      },
    })
  }

  close(): void {
    this.#over.abort()
    this.#stream.close()
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
  }

  /** What the user may do here, as far as that is known. */
  allow(may: readonly Ability[]): void {
    const before = this.#may
    this.#may = may
    if (before?.includes('readMessages') !== may.includes('readMessages')) void this.#readLatest()
    this.#say()
  }

  async #readLatest(): Promise<void> {
    if (this.#status !== 'open' || !this.#may?.includes('readMessages')) return
    this.#round += 1
    this.#trouble = ''
    try {
      await this.#page()
      this.#read = true
    } catch (error) {
      this.#trouble = words(error)
    }
    this.#say()
  }

  async #page(before?: string): Promise<void> {
    const round = this.#round
    const page = (await messages(this.channelId, { limit: PAGE, ...(before === undefined ? {} : { before }) }, { signal: this.#over.signal })).messages
    if (round !== this.#round) return
    const fromEnd = this.#list.scrollHeight - this.#list.scrollTop
    this.#talk = withPage(this.#talk, page)
    this.#earlier.hidden = page.length < PAGE || this.#talk.messages.length >= MESSAGES_KEPT
    this.#paint()
    // What was in view stays there.
    if (before !== undefined) this.#list.scrollTop = this.#list.scrollHeight - fromEnd
  }

  #receive(event: StreamEvent): void {
    if (event.event === 'reset') void this.#readLatest()
    const talk = applyToTalk(this.#talk, event)
    if (talk === this.#talk) return
    this.#talk = talk
    if (event.event === 'message.created') this.#speak(event.payload)
    this.#frame ??= requestAnimationFrame(() => this.#paint())
    if (document.hidden) this.#paint()
  }

  /** Screen readers hear what others write, and never a flood. */
  #speak(message: MessageCreated): void {
    const { author, content } = message
    if (isOf(message, this.me) || content === null || Date.now() - this.#spoken < SPEAK_MS) return
    this.#spoken = Date.now()
    setText(this.announcer, `${author.displayName}: ${content}`)
  }

  #say(): void {
    const followed = this.#status === 'open'
    const hint = this.#may !== undefined && !this.#may.includes('readMessages') ? HINTS.closed
      : this.#trouble !== '' ? this.#trouble
      : !followed && this.#read ? HINTS.deaf
      : !this.#read ? HINTS.reading
      : this.#talk.messages.length === 0 ? HINTS.empty : ''
    setText(this.#hint, hint)
  }

  #paint(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#frame = undefined
    const follows = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < NEAR
    reconcile(this.#list, this.#made, this.#talk.messages, ({ messageId }) => messageId,
      (message) => {
        const view = new MessageView(message, this.me)
        this.#views.set(message.messageId, view)
        return view.node
      },
      (_, message) => this.#views.get(message.messageId)?.update(message),
      (node) => {
        this.#views.delete(node.dataset['messageId'] ?? '')
        node.remove()
      })
    if (follows) this.#list.scrollTop = this.#list.scrollHeight
    this.#say()
  }

  /** Reactions are offered beside the message that is looked at. */
  #lookAt(target: EventTarget | null): void {
    const node = target instanceof Element ? target.closest<HTMLElement>('.message') : null
    const view = this.#views.get(node?.dataset['messageId'] ?? '')
    if (node !== null && view !== undefined && this.#may?.includes('addReaction')) this.#quick.beside(node, view.message)
  }

  /** Arrows go from message to message. */
  #walk(event: KeyboardEvent): void {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
    const from = document.activeElement?.closest('.message') ?? null
    const next = from === null ? this.#list.lastElementChild : event.key === 'ArrowUp' ? from.previousElementSibling : from.nextElementSibling
    if (!(next instanceof HTMLElement)) return
    event.preventDefault()
    next.focus()
  }
}
