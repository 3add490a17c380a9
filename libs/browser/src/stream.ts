import { pause } from './backoff.ts'
import type { EventKind, EventPayloads } from './contracts.ts'

/** The name of anything that arrives on a stream. */
export type EventName = keyof EventPayloads

/** What can be asked for: an event, or a family of them. */
export type EventPattern = EventKind | `${string}.*`

/** One event as it arrived. `id` is a cursor: everything up to it was seen. */
export type StreamEvent = {
  [Name in EventName]: { readonly event: Name; readonly id: string; readonly payload: EventPayloads[Name] }
}[EventName]

/** One function per event. */
export type Handlers = { [Name in EventName]?: (payload: EventPayloads[Name], id: string) => void }

/**
 * How a stream is doing. `signed-out` and `closed` are final: the session has ended, or `close()` was called.
 */
export type StreamStatus = 'connecting' | 'open' | 'reconnecting' | 'signed-out' | 'closed'

export interface StreamOptions {
  /** Where Fanfare is, if not on this page's own origin: `https://fanfare.example`. Cookies are sent along. */
  baseUrl?: string
  /** Only these guilds; without it all that the user and the bot share, also those to come. */
  guilds?: readonly string[]
  /** Only these events; without it the server's default. */
  events?: readonly EventPattern[]
  /** Whether to begin with a `snapshot` of the rooms. */
  snapshot?: boolean
  /** Continue after this id. */
  lastEventId?: string
  on?: Handlers
  /** Every event, before its own handler. */
  onEvent?: (event: StreamEvent) => void
  onStatus?: (status: StreamStatus) => void
}

export interface Stream {
  readonly status: StreamStatus
  /** The last id seen; empty before the first. */
  readonly lastEventId: string
  close(): void
}

/** What a stream needs of its surroundings; tests bring their own. */
export interface Surroundings {
  EventSource: new (url: string, init?: EventSourceInit) => EventSource
  fetch: (url: string, init?: RequestInit) => Promise<{ readonly status: number }>
  setTimeout: (run: () => void, ms: number) => number
  clearTimeout: (timer: number) => void
  random: () => number
}

/** Every name that can arrive; complete because the compiler checks it against the contracts. */
const NAMES = Object.keys({
  'voice.joined': 1, 'voice.left': 1, 'voice.updated': 1,
  'room.created': 1, 'room.updated': 1, 'room.deleted': 1,
  'message.created': 1, 'message.updated': 1, 'message.deleted': 1,
  'reaction.added': 1, 'reaction.removed': 1, 'reaction.cleared': 1,
  'typing.started': 1, 'presence.updated': 1,
  'member.joined': 1, 'member.updated': 1, 'member.left': 1,
  gap: 1, snapshot: 1, reset: 1, unavailable: 1,
} satisfies Record<EventName, 1>) as EventName[]

/** How long the question whether the session still lives may take. */
const SESSION_CHECK_MS = 10_000
const CLOSED = 2

/** Opens a stream and keeps it open until `close()` or until the session ends. */
export function openStream(options: StreamOptions = {}, surroundings: Surroundings = browser()): Stream {
  const base = options.baseUrl ?? ''
  let status: StreamStatus = 'connecting'
  let lastEventId = options.lastEventId ?? ''
  let source: EventSource | undefined
  let timer: number | undefined
  let attempts = 0

  const over = () => status === 'signed-out' || status === 'closed'

  function become(next: StreamStatus): void {
    if (next === status || over()) return
    status = next
    options.onStatus?.(next)
  }

  function connect(): void {
    timer = undefined
    const opened = new surroundings.EventSource(address(base, options, lastEventId), {
      withCredentials: base !== '',
    })
    source = opened
    opened.onopen = () => {
      attempts = 0
      become('open')
    }
    opened.onerror = () => {
      if (source !== opened || over()) return
      become('reconnecting')
      if (opened.readyState === CLOSED) void recover()
    }
    for (const name of NAMES) {
      opened.addEventListener(name, (message) => {
        if (source === opened && !over()) receive(name, message as MessageEvent<string>)
      })
    }
  }

  function receive(name: EventName, message: MessageEvent<string>): void {
    let payload: unknown
    try {
      payload = JSON.parse(message.data)
    } catch (error) {
      console.error(`Fanfare: the payload of ${name} is no JSON`, error)
      return
    }
    if (message.lastEventId !== '') lastEventId = message.lastEventId
    const event = { event: name, id: message.lastEventId, payload } as StreamEvent
    options.onEvent?.(event)
    const handler = options.on?.[name] as ((payload: unknown, id: string) => void) | undefined
    if (!over()) handler?.(payload, event.id)
  }

  /** The EventSource has given up: has the session ended, or is it only trouble? */
  async function recover(): Promise<void> {
    source = undefined
    if (await signedOut()) {
      become('signed-out')
    } else if (!over()) {
      timer = surroundings.setTimeout(connect, pause(attempts, surroundings.random()))
      attempts += 1
    }
  }

  async function signedOut(): Promise<boolean> {
    try {
      const reply = await surroundings.fetch(`${base}/api/me`, {
        credentials: base === '' ? 'same-origin' : 'include',
        cache: 'no-store',
        signal: AbortSignal.timeout(SESSION_CHECK_MS),
      })
      return reply.status === 401
    } catch {
      return false
    }
  }

  connect()
  return {
    get status() {
      return status
    },
    get lastEventId() {
      return lastEventId
    },
    close() {
      source?.close()
      source = undefined
      if (timer !== undefined) surroundings.clearTimeout(timer)
      become('closed')
    },
  }
}

function address(base: string, options: StreamOptions, lastEventId: string): string {
  const query = new URLSearchParams()
  for (const guild of options.guilds ?? []) query.append('guild', guild)
  if (options.events !== undefined) query.set('events', options.events.join(','))
  if (options.snapshot) query.set('snapshot', '1')
  if (lastEventId !== '') query.set('lastEventId', lastEventId)
  const text = query.toString()
  return `${base}/api/stream${text === '' ? '' : `?${text}`}`
}

function browser(): Surroundings {
  return {
    EventSource: globalThis.EventSource,
    fetch: (url, init) => globalThis.fetch(url, init),
    setTimeout: (run, ms) => globalThis.setTimeout(run, ms) as unknown as number,
    clearTimeout: (timer) => globalThis.clearTimeout(timer),
    random: Math.random,
  }
}
