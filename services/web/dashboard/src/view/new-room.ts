import { createRoom, type RoomMade } from '../../../../../libs/browser/src/index.ts'
import { attempt, outcomeLine } from './attempt.ts'
import { Dialog, field } from './dialog.ts'
import { inDiscord } from './discord.ts'
import { element } from './element.ts'
import { link } from './link.ts'

/** Makes a private room in a guild. */
export function newRoom(guildId: string, guildName: string): void {
  const dialog = new Dialog('New room', 'new-room')
  const name = element('input', { type: 'text', required: '', maxlength: '100', autocomplete: 'off', autofocus: '', 'data-testid': 'room-name' })
  const limit = element('input', { type: 'number', min: '0', max: '99', value: '0', inputmode: 'numeric' })
  const make = element('button', { type: 'submit', class: 'button primary', 'data-testid': 'room-make' }, 'Make the room')
  const outcome = outcomeLine()
  const form = element('form', {},
    element('p', { class: 'plain' }, `A private voice room on ${guildName}, for you and whomever you invite. It goes when it has been empty for a while.`),
    field('Name', name), field('Most people (0 = no limit)', limit), outcome, element('div', { class: 'dialog-actions' }, make))
  // Pressed again after a lost answer, it is one room.
  let idempotencyKey = crypto.randomUUID()
  form.addEventListener('input', () => { idempotencyKey = crypto.randomUUID() })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const work = async () => {
      const made = await createRoom({ guildId, name: name.value, userLimit: limit.valueAsNumber || 0 }, { idempotencyKey })
      dialog.open(...done(guildId, made, dialog))
    }
    void attempt(make, outcome, work, { name: 'The name', userLimit: 'The limit' })
  })
  dialog.open(form)
}

function done(guildId: string, { channelId, inviteUrl }: RoomMade, dialog: Dialog): Node[] {
  const close = element('button', { type: 'button', class: 'button quiet', autofocus: '' }, 'Done')
  close.addEventListener('click', () => dialog.close())
  return [
    element('p', { 'data-testid': 'room-made' }, 'The room is there. Whoever opens this link and is a member of the server may enter.'),
    link(inviteUrl),
    element('div', { class: 'dialog-actions' }, close, inDiscord(guildId, channelId)),
  ]
}
