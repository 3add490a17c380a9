import { FanfareError, operations, type Operations } from '../../../../../libs/browser/src/index.ts'
import { whoAmI } from '../api.ts'
import { words } from './attempt.ts'
import { element } from './element.ts'

/** How often it is asked. */
const EVERY_MS = 5_000

const HUB = {
  starting: 'starting: it has not reached the event bus yet',
  ready: 'ready',
  away: 'the event bus does not answer',
  repairing: 'reading what it missed',
  detached: 'the event bus answers, but nothing comes through the live channel',
} as const

const REGISTRY = {
  known: 'Gateways',
  away: 'Gateways: the registry does not answer at the moment',
  none: 'Gateways: none are registered, everything runs in one process',
} as const

/** For operators: the gateways, the shards, and the replica that answers. Asked again and again; another replica may answer. */
export class OperationsView {
  readonly node = element('section', { class: 'operations', 'data-testid': 'operations' }, element('h1', {}, 'Operations'))
  readonly #body = element('div', {}, element('p', { class: 'plain' }, 'Asking …'))
  readonly #over = new AbortController()
  #timer: number | undefined

  /** `signedOut` is called when the session turns out to be over. */
  constructor(readonly signedOut: () => void) {
    this.node.append(this.#body)
    void this.#ask()
  }

  close(): void {
    this.#over.abort()
    clearTimeout(this.#timer)
  }

  async #ask(): Promise<void> {
    try {
      this.#body.replaceChildren(...shown(await operations({ signal: this.#over.signal })))
    } catch (error) {
      if (this.#over.signal.aborted) return
      const hidden = error instanceof FanfareError && error.status === 404
      this.#body.replaceChildren(element('p', { role: 'alert' }, hidden ? 'This page is for operators alone: those whom OPERATORS names.' : words(error)))
      // For somebody whose session has ended it is not there either.
      if (hidden && (await whoAmI().catch(() => undefined)) === null) this.signedOut()
      if (hidden) return
    }
    if (!this.#over.signal.aborted) this.#timer = setTimeout(() => void this.#ask(), EVERY_MS)
  }
}

function shown({ replica, registry, gateways, shardCount, nextShardCount, shards }: Operations): HTMLElement[] {
  const held = shards.filter(({ owner }) => owner !== null).length
  const connected = shards.filter(({ connection }) => connection === 'CONNECTED').length
  const next = nextShardCount === null ? '' : `; ${nextShardCount} follow when all leases of these are released`
  return [
    table('This replica', ['', ''], [
      ['Version', replica.version],
      ['Events', HUB[replica.hub] + (replica.draining ? ', stopping' : '')],
      ['Open streams', replica.streams.toLocaleString()],
      ['Guilds followed', replica.guilds.toLocaleString()],
      ['Kept for browsers that come back', `${(replica.ringBytes / 2 ** 20).toFixed(1)} MiB`],
      ['Everything is applied up to', ago(Number(replica.complete.split('-')[0]))],
    ]),
    table(REGISTRY[registry], ['Instance', 'Version', 'Shards', 'Started', 'Last heard of'],
      gateways.map(({ instance, version, shards, startedAt, heartbeatAt }) => [instance, version, shards.join(', ') || 'none, on standby', ago(startedAt), ago(heartbeatAt)])),
    table(shardCount === null ? 'Shards' : `Shards: ${connected} connected, ${held} held, of ${shardCount}${next}`, ['Shard', 'Held by', 'Connection'],
      shards.map(({ id, owner, connection }) => [String(id), owner ?? 'nobody', connection ?? (owner === null ? '' : 'not said yet')])),
  ]
}

function table(caption: string, heads: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const head = heads.some((text) => text !== '') ? element('thead', {}, element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)))) : null
  const body = rows.map((cells) => element('tr', {}, ...cells.map((text, column) => (column === 0 ? element('th', { scope: 'row' }, text) : element('td', {}, text)))))
  // A wide table scrolls by itself.
  return element('div', { class: 'table' }, element('table', {}, element('caption', {}, caption), head, element('tbody', {}, ...body)))
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - ms) / 1_000))
  if (seconds < 120) return `${seconds} s ago`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min ago` : new Date(ms).toLocaleString()
}
