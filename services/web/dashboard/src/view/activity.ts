import { element, setText } from './element.ts'
import { picture } from './picture.ts'
import type { Happening } from '../happening.ts'

/** How many lines are kept; older ones go. */
const LINES = 30
/** How often "3 min" becomes "4 min". */
const REFRESH_MS = 15_000
/** The shortest time between two announcements to screen readers. */
const ANNOUNCE_MS = 6_000
/** How many happenings are told one by one. */
const SPOKEN = 3

interface Line { readonly node: HTMLElement; readonly time: HTMLTimeElement; readonly at: number }

/** What just happened, the newest first. */
export class ActivityView {
  readonly node: HTMLElement
  readonly #list = element('ol', { class: 'lines' })
  readonly #empty = element('p', { class: 'plain' }, 'Nothing yet. Joins, leaves and new rooms show up here as they happen.')
  readonly #announcer: HTMLElement
  #lines: Line[] = []
  /** The latest that were not announced yet, and how many there were. */
  #unsaid: Happening[] = []
  #unsaidCount = 0
  #saying: number | undefined

  constructor(announcer: HTMLElement) {
    this.#announcer = announcer
    this.node = element('aside', { class: 'activity', 'data-testid': 'activity', 'aria-labelledby': 'activity-title' },
      element('h2', { id: 'activity-title' }, 'Recent activity'), this.#empty, this.#list)
    setInterval(() => this.#refresh(), REFRESH_MS)
  }

  /** Adds lines, the oldest first. */
  add(happenings: readonly Happening[]): void {
    // What would fall off the list at once need not be made.
    const shown = happenings.slice(-LINES).map(makeLine)
    if (shown.length === 0) return
    for (const line of shown) this.#list.prepend(line.node)
    this.#lines = [...shown.reverse(), ...this.#lines]
    for (const { node } of this.#lines.splice(LINES)) node.remove()
    this.#empty.hidden = true
    this.#announce(happenings)
  }

  #refresh(): void {
    for (const { time, at } of this.#lines) setText(time, ago(at))
  }

  /** Screen readers hear one sentence now and then, never a flood. */
  #announce(happenings: readonly Happening[]): void {
    this.#unsaid = [...this.#unsaid, ...happenings].slice(-SPOKEN)
    this.#unsaidCount += happenings.length
    if (this.#saying !== undefined) return
    this.#saying = setTimeout(() => {
      const [count, latest] = [this.#unsaidCount, this.#unsaid]
      this.#saying = undefined
      this.#unsaidCount = 0
      this.#unsaid = []
      const newest = latest.slice(-1).map(sentence).join('')
      setText(this.#announcer, count <= SPOKEN ? latest.map(sentence).join('. ') : `${count} things happened; the latest: ${newest}`)
    }, ANNOUNCE_MS)
  }
}

function makeLine(happening: Happening): Line {
  const at = Date.now()
  const time = element('time', { datetime: new Date(at).toISOString(), title: new Date(at).toLocaleTimeString() }, ago(at))
  const { who } = happening
  const node = element('li', { class: `line line-${happening.kind}`, 'data-testid': 'happening' },
    who === undefined ? element('span', { class: 'picture room-mark', 'aria-hidden': 'true' }) : picture('avatar', who.avatarUrl, who.name),
    element('p', {}, ...phrases(happening).map(([strong, text]) => (strong ? element('strong', {}, text) : text))),
    time)
  return { node, time, at }
}

/** The parts of its sentence; true = a name. */
function phrases({ kind, who, room, from }: Happening): [boolean, string][] {
  const name: [boolean, string] = [true, who?.name ?? 'Somebody']
  switch (kind) {
    case 'joined':
      return [name, [false, ' joined '], [true, room]]
    case 'left':
      return [name, [false, ' left '], [true, room]]
    case 'moved':
      return [name, [false, ' moved to '], [true, room], ...(from === undefined ? [] : [[false, ' from '], [true, from]] as [boolean, string][])]
    case 'made':
      return [[false, 'New room: '], [true, room]]
    case 'gone':
      return [[false, 'Room closed: '], [true, room]]
  }
}

function sentence(happening: Happening): string {
  return phrases(happening).map(([, text]) => text).join('')
}

function ago(at: number): string {
  const seconds = Math.round((Date.now() - at) / 1000)
  if (seconds < 45) return 'now'
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}
