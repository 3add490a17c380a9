import { FanfareError } from '../../../../../libs/browser/src/index.ts'
import { element } from './element.ts'

/** A window over the page; one at a time is opened by people. It goes when it is closed, by whatever means. */
export class Dialog {
  readonly node: HTMLDialogElement
  readonly body = element('div', { class: 'dialog-body' })

  constructor(title: string, testid: string, onClose?: () => void) {
    const close = element('button', { type: 'button', class: 'close', 'aria-label': 'Close' }, '×')
    const heading = element('h2', { id: `${testid}-title` }, title)
    this.node = element('dialog', { class: 'dialog', 'data-testid': testid, 'aria-labelledby': heading.id },
      element('header', { class: 'dialog-head' }, heading, close), this.body)
    close.addEventListener('click', () => this.close())
    this.node.addEventListener('close', () => {
      this.node.remove()
      onClose?.()
    })
  }

  open(...body: Node[]): this {
    this.body.replaceChildren(...body)
    document.body.append(this.node)
    this.node.showModal()
    return this
  }

  close(): void {
    if (this.node.open) this.node.close()
  }
}

/** What failed, in words for people. */
export function words(error: unknown): string {
  return error instanceof FanfareError ? error.message : 'That did not work. Please try again.'
}

/**
 * Does something when a button is pressed: once at a time, and what fails is said in `outcome`. True if it worked.
 */
export async function attempt(button: HTMLButtonElement, outcome: HTMLElement, work: () => Promise<void>): Promise<boolean> {
  if (button.disabled) return false
  button.disabled = true
  outcome.textContent = ''
  try {
    await work()
    return true
  } catch (error) {
    outcome.textContent = words(error)
    return false
  } finally {
    button.disabled = false
  }
}

/** Where what became of something is said. */
export function outcomeLine(): HTMLElement {
  return element('p', { class: 'outcome', role: 'status', 'data-testid': 'outcome' })
}

/** An input under its label. */
export function field(label: string, input: HTMLElement): HTMLElement {
  return element('label', { class: 'field' }, element('span', {}, label), input)
}
