import { FanfareError } from '../../../../../libs/browser/src/index.ts'
import { element } from './element.ts'

/** Words for people where the server's are for programs. */
const WORDS: Record<string, string> = {
  'no-answer': 'Fanfare does not answer at the moment. Please try again.',
  'outcome-unknown': 'Nobody knows whether that worked. Look before you try again.',
  'rate-limited': 'That was too much at once. Wait a moment, then try again.',
  unauthorized: 'Your session has ended. Sign in again.',
}

/** What failed, in words. With `labels` it is said what is wrong with a field: `{name: 'The name'}`. */
export function words(error: unknown, labels: Record<string, string> = {}): string {
  if (!(error instanceof FanfareError)) return 'That did not work. Please try again.'
  for (const [field, label] of Object.entries(labels)) {
    const wrong = error.field(field)
    if (wrong !== undefined) return `${label} ${wrong}.`
  }
  return WORDS[error.code] ?? error.message
}

/** Does something when a button is pressed: once at a time, and what fails is said in `outcome`. True if it worked. */
export async function attempt(
  button: HTMLButtonElement,
  outcome: HTMLElement,
  work: () => Promise<void>,
  labels?: Record<string, string>,
): Promise<boolean> {
  if (button.ariaBusy === 'true') return false
  // Not `disabled`: that would take the focus away.
  button.ariaBusy = 'true'
  outcome.textContent = ''
  try {
    await work()
    return true
  } catch (error) {
    outcome.textContent = words(error, labels)
    return false
  } finally {
    button.ariaBusy = null
  }
}

/** Where what became of something is said. */
export function outcomeLine(): HTMLElement {
  return element('p', { class: 'outcome', role: 'status', 'data-testid': 'outcome' })
}
