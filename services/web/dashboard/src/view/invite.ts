import { createInvite, revokeInvite, type InviteMade, type Room } from '../../../../../libs/browser/src/index.ts'
import { attempt, outcomeLine } from './attempt.ts'
import { Dialog, field } from './dialog.ts'
import { element } from './element.ts'
import { link } from './link.ts'

/** How long an invite may be good, in seconds; empty = as long as the room. */
const LIFETIMES = [['', 'As long as the room'], ['3600', '1 hour'], ['86400', '1 day'], ['604800', '7 days']] as const
const USES = [['', 'Any number'], ['1', '1'], ['5', '5'], ['25', '25']] as const

/** Makes an invite to a room. */
export function invite(room: Room): Dialog {
  const dialog = new Dialog(`Invite to ${room.name}`, 'invite-dialog')
  const [lifetime, uses] = [choice(LIFETIMES), choice(USES)]
  lifetime.autofocus = true
  const make = element('button', { type: 'submit', class: 'button primary', 'data-testid': 'invite-make' }, 'Make a link')
  const outcome = outcomeLine()
  const form = element('form', {}, field('Good for', lifetime), field('How often', uses), outcome, element('div', { class: 'dialog-actions' }, make))
  // Pressed again after a lost answer, it is one invite.
  let idempotencyKey = crypto.randomUUID()
  form.addEventListener('input', () => { idempotencyKey = crypto.randomUUID() })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void attempt(make, outcome, async () => {
      const input = {
        channelId: room.channelId,
        ...(lifetime.value === '' ? {} : { expiresIn: Number(lifetime.value) }),
        ...(uses.value === '' ? {} : { maxUses: Number(uses.value) }),
      }
      const made = await createInvite(input, { idempotencyKey })
      dialog.open(finished(made, dialog))
    })
  })
  return dialog.open(form)
}

function finished(made: InviteMade, dialog: Dialog): HTMLElement {
  const outcome = outcomeLine()
  const done = element('button', { type: 'button', class: 'button primary', autofocus: '' }, 'Done')
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
