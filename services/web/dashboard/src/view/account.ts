import type { Me } from '../../../../../libs/browser/src/index.ts'
import { element } from './element.ts'
import { picture } from './picture.ts'

/** Who is signed in, and the way out. */
export function account(me: Me, signOut: () => Promise<void>): Node[] {
  const button = element('button', { type: 'button', class: 'button quiet' }, 'Sign out')
  button.addEventListener('click', () => {
    button.disabled = true
    void signOut().finally(() => { button.disabled = false })
  })
  const name = element('span', { class: 'name', 'data-testid': 'me', title: me.username }, me.displayName)
  const operations = me.operator ? [element('a', { class: 'button quiet', href: '/operations', 'data-testid': 'operations-link' }, 'Operations')] : []
  return [...operations, picture('avatar', me.avatarUrl, me.displayName), name, button]
}
