import type { RoomsState, StreamEvent } from '../../../../libs/browser/src/index.ts'

/** A line of the recent activity. */
export interface Happening {
  readonly kind: 'joined' | 'left' | 'moved' | 'made' | 'gone'
  readonly room: string
  /** Where the person came from, of a move. */
  readonly from?: string
  readonly who?: { readonly userId: string; readonly name: string; readonly avatarUrl: string }
}

/**
 * What an event means to people, judged by the picture before it; null = nothing worth a line.
 *
 * A move is two events: the leave is told only by the join that follows it.
 */
export class Narrator {
  /** Who has just left a room for another, and which: `guild user` → room. */
  readonly #movers = new Map<string, string>()

  tell(before: RoomsState, event: StreamEvent): Happening | null {
    switch (event.event) {
      case 'voice.joined': {
        const { guildId, channelId, userId, displayName, avatarUrl } = event.payload
        const room = roomName(before, guildId, channelId)
        const who = { userId, name: displayName, avatarUrl }
        const from = this.#movers.get(`${guildId} ${userId}`)
        this.#movers.delete(`${guildId} ${userId}`)
        if (room === undefined || memberOf(before, guildId, channelId, userId) !== undefined) return null
        return from === undefined ? { kind: 'joined', room, who } : { kind: 'moved', room, from, who }
      }
      case 'voice.left': {
        const { guildId, userId, previousChannelId, moved } = event.payload
        const room = previousChannelId === null ? undefined : roomName(before, guildId, previousChannelId)
        const member = previousChannelId === null ? undefined : memberOf(before, guildId, previousChannelId, userId)
        if (room === undefined || member === undefined) return null
        if (moved) {
          if (this.#movers.size > 500) this.#movers.clear()
          this.#movers.set(`${guildId} ${userId}`, room)
          return null
        }
        return { kind: 'left', room, who: { userId, name: member.displayName, avatarUrl: member.avatarUrl } }
      }
      case 'room.created':
        return roomName(before, event.payload.guildId, event.payload.channelId) === undefined ? { kind: 'made', room: event.payload.name } : null
      case 'room.deleted': {
        const room = roomName(before, event.payload.guildId, event.payload.channelId)
        return room === undefined || event.payload.access === true ? null : { kind: 'gone', room }
      }
      default:
        return null
    }
  }
}

function roomOf(state: RoomsState, guildId: string, channelId: string) {
  return state.guilds.find((guild) => guild.guildId === guildId)?.rooms.find((room) => room.channelId === channelId)
}

function roomName(state: RoomsState, guildId: string, channelId: string): string | undefined {
  return roomOf(state, guildId, channelId)?.name
}

function memberOf(state: RoomsState, guildId: string, channelId: string, userId: string) {
  return roomOf(state, guildId, channelId)?.members.find((member) => member.userId === userId)
}
