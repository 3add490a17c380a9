import { element } from './element.ts'

/** An invite's address with a button that copies it. */
export function link(url: string): HTMLElement {
  const text = element('input', { type: 'text', readonly: '', value: url, 'aria-label': 'Invite link', 'data-testid': 'invite-url' })
  const copy = element('button', { type: 'button', class: 'button quiet' }, 'Copy')
  text.addEventListener('focus', () => text.select())
  copy.addEventListener('click', () => {
    text.select()
    // Where the page may not write to the clipboard, the text is marked and can be copied by hand.
    navigator.clipboard?.writeText(url).then(() => { copy.textContent = 'Copied' }, () => {})
  })
  return element('div', { class: 'link' }, text, copy)
}
