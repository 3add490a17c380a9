import { Dialog } from './dialog.ts'
import { element } from './element.ts'
import { inDiscord } from './new-room.ts'

/** Told when the user is in voice no more: only they can come back, in Discord. */
export class Dropout {
  #shown: Dialog | undefined

  left(guildId: string, channelId: string, room: string): void {
    this.back()
    const dialog = new Dialog(`You left ${room}`, 'dropout', () => { if (this.#shown === dialog) this.#shown = undefined })
    const stay = element('button', { type: 'button', class: 'button quiet' }, 'Stay out')
    stay.addEventListener('click', () => dialog.close())
    const rejoin = inDiscord(guildId, channelId, 'Rejoin from Discord')
    rejoin.addEventListener('click', () => dialog.close())
    this.#shown = dialog.open(
      element('p', {}, 'Discord says that you are not in the room any more. If that was not your doing, come back from Discord.'),
      element('div', { class: 'dialog-actions' }, stay, rejoin),
    )
  }

  /** The user is in voice again. */
  back(): void {
    this.#shown?.close()
  }
}
