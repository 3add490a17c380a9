import { Dialog } from './dialog.ts'
import { inDiscord } from './discord.ts'
import { element } from './element.ts'
import type { RoomsState } from '../../../../../libs/browser/src/index.ts'

interface Left { readonly guildId: string; readonly channelId: string; readonly name: string }

/** Tells the user that they are in voice no more: only they can come back, in Discord. */
export class Dropout {
  #left: Left | undefined
  #shown: Dialog | undefined

  /** The user has left a room. It is told with the next painting, if the room is still there by then. */
  left(room: Left): void {
    this.back()
    this.#left = room
  }

  /** The user is in voice again. */
  back(): void {
    this.#left = undefined
    this.#shown?.close()
  }

  paint(state: RoomsState, userId: string): void {
    if (this.#left === undefined || !state.ready) return
    const { guildId, channelId } = this.#left
    const rooms = state.guilds.find((guild) => guild.guildId === guildId)?.rooms ?? []
    const inVoice = state.guilds.some((guild) => guild.rooms.some((room) => room.members.some((member) => member.userId === userId)))
    if (inVoice || !rooms.some((room) => room.channelId === channelId)) this.back()
    else this.#shown ??= this.#tell(this.#left)
  }

  #tell({ guildId, channelId, name }: Left): Dialog {
    const dialog = new Dialog(`You left ${name}`, 'dropout', () => {
      this.#left = undefined
      this.#shown = undefined
    })
    const stay = element('button', { type: 'button', class: 'button quiet', autofocus: '' }, 'Stay out')
    stay.addEventListener('click', () => dialog.close())
    const rejoin = inDiscord(guildId, channelId, 'Rejoin from Discord')
    rejoin.addEventListener('click', () => dialog.close())
    return dialog.open(
      element('p', {}, 'Discord says that you are not in the room any more. If that was not your doing, come back from Discord.'),
      element('div', { class: 'dialog-actions' }, stay, rejoin),
    )
  }
}
