import { element } from './element.ts'

/** How long a notice stays that is not about something that lasts. */
const STAY_MS = 12_000
/** How many are shown at once; older ones go. */
const MOST = 3

/** Short messages above the page, one of each kind. */
export class Notices {
  readonly #shown = new Map<string, HTMLElement>()

  constructor(readonly node: HTMLElement) {}

  show(kind: string, text: string, lasting = false): void {
    this.hide(kind)
    const close = element('button', { type: 'button', class: 'close', 'aria-label': 'Dismiss' }, '×')
    const notice = element('div', { class: 'notice', 'data-testid': 'notice', 'data-kind': kind }, element('p', {}, text), close)
    const hide = () => { if (this.#shown.get(kind) === notice) this.hide(kind) }
    close.addEventListener('click', hide)
    if (!lasting) setTimeout(hide, STAY_MS)
    this.#shown.set(kind, notice)
    this.node.append(notice)
    for (const oldest of [...this.#shown.keys()].slice(0, -MOST)) this.hide(oldest)
  }

  hide(kind: string): void {
    this.#shown.get(kind)?.remove()
    this.#shown.delete(kind)
  }
}
