import { createInvite, revokeInvite, type InviteMade, type Room } from '../../../../../libs/browser/src/index.ts'
import { attempt, Dialog, field, outcomeLine } from './dialog.ts'
import { element } from './element.ts'

/** How long an invite may be good, in seconds; empty = as long as the room. */
const LIFETIMES = [['', 'As long as the room'], ['3600', '1 hour'], ['86400', '1 day'], ['604800', '7 days']] as const
const USES = [['', 'Any number'], ['1', '1'], ['5', '5'], ['25', '25']] as const

/** A link with a button that copies it. */
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

/** Makes an invite to a room. */
export function invite(room: Room): void {
  const dialog = new Dialog(`Invite to ${room.name}`, 'invite-dialog')
  const [lifetime, uses] = [choice(LIFETIMES), choice(USES)]
  const make = element('button', { type: 'submit', class: 'button primary', 'data-testid': 'invite-make' }, 'Make a link')
  const outcome = outcomeLine()
  const form = element('form', {}, field('Good for', lifetime), field('How often', uses), outcome, element('div', { class: 'dialog-actions' }, make))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void attempt(make, outcome, async () => {
      const made = await createInvite({
        channelId: room.channelId,
        ...(lifetime.value === '' ? {} : { expiresIn: Number(lifetime.value) }),
        ...(uses.value === '' ? {} : { maxUses: Number(uses.value) }),
      })
      form.replaceWith(finished(made, dialog))
    })
  })
  dialog.open(form)
}

function finished(made: InviteMade, dialog: Dialog): HTMLElement {
  const outcome = outcomeLine()
  const done = element('button', { type: 'button', class: 'button primary' }, 'Done')
  const revoke = element('button', { type: 'button', class: 'button quiet' }, 'Revoke it')
  done.addEventListener('click', () => dialog.close())
  revoke.addEventListener('click', () => {
    void attempt(revoke, outcome, async () => {
      await revokeInvite({ inviteId: made.inviteId })
      dialog.open(element('p', {}, 'The link does not let anybody in any more.'), element('div', { class: 'dialog-actions' }, done))
    })
  })
  return element('div', {}, element('p', {}, 'Whoever opens this link and is a member of the server may enter.'), link(made.inviteUrl), outcome,
    element('div', { class: 'dialog-actions' }, revoke, done))
}

function choice(options: readonly (readonly [string, string])[]): HTMLSelectElement {
  return element('select', {}, ...options.map(([value, label]) => element('option', { value }, label)))
}
