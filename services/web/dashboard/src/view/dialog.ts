import { element } from './element.ts'

const shown = new Set<Dialog>()

/** A window over the page. It goes when it is closed, by whatever means, but not while something is under way in it. */
export class Dialog {
  readonly node: HTMLDialogElement
  readonly #body = element('div', { class: 'dialog-body' })

  constructor(title: string, testid: string, onClose?: () => void) {
    const close = element('button', { type: 'button', class: 'close', 'aria-label': 'Close' }, '×')
    const heading = element('h2', { id: `${testid}-title` }, title)
    this.node = element('dialog', { class: 'dialog', 'data-testid': testid, 'aria-labelledby': heading.id },
      element('header', { class: 'dialog-head' }, heading, close), this.#body)
    close.addEventListener('click', () => { if (!this.#isBusy()) this.close() })
    this.node.addEventListener('cancel', (event) => { if (this.#isBusy()) event.preventDefault() })
    this.node.addEventListener('close', () => {
      shown.delete(this)
      this.node.remove()
      onClose?.()
    })
  }

  /** Shows it with this in it, whether it is open already or not. What is marked `autofocus` is where one begins. */
  open(...body: Node[]): this {
    this.#body.replaceChildren(...body)
    if (this.node.open) {
      this.#body.querySelector<HTMLElement>('[autofocus]')?.focus()
      return this
    }
    shown.add(this)
    document.body.append(this.node)
    this.node.showModal()
    return this
  }

  close(): void {
    if (this.node.open) this.node.close()
  }

  #isBusy(): boolean {
    return this.#body.querySelector('[aria-busy=true]') !== null
  }
}

/** Closes all windows: what they showed is nobody's business any more. */
export function closeAll(): void {
  for (const dialog of [...shown]) dialog.close()
}

/** An input under its label. */
export function field(label: string, input: HTMLElement): HTMLElement {
  return element('label', { class: 'field' }, element('span', {}, label), input)
}
