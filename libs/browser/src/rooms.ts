import type { GuildRooms, Room, RoomCreated, RoomMember, VoiceJoined } from './contracts.ts'
import type { StreamEvent } from './stream.ts'

/** The picture of rooms and who is in them. Never changed in place: a new one shares what did not change. */
export interface RoomsState {
  /** False until the first snapshot, and after a reset until the next one. */
  readonly ready: boolean
  readonly guilds: readonly GuildRooms[]
}

/** Before the first snapshot. */
export const noRooms: RoomsState = { ready: false, guilds: [] }

/**
 * The picture after an event. An event that changes nothing returns the same picture.
 *
 * A room of a guild that is not in the picture brings that guild along with an empty name: the bot or the user came to it after
 * the snapshot.
 */
export function applyEvent(state: RoomsState, event: StreamEvent): RoomsState {
  switch (event.event) {
    case 'snapshot':
      return { ready: true, guilds: event.payload.guilds }
    case 'reset':
      return noRooms
    case 'room.created':
      return inGuild(withGuild(state, event.payload.guildId), event.payload.guildId, (rooms) => created(rooms, event.payload))
    case 'room.updated':
      return inGuild(state, event.payload.guildId, (rooms) => inRoom(rooms, event.payload.channelId, (room) => described(event.payload, room.members)))
    case 'room.deleted':
      return inGuild(state, event.payload.guildId, (rooms) => kept(rooms, (room) => room.channelId !== event.payload.channelId))
    case 'voice.joined':
      return inGuild(state, event.payload.guildId, (rooms) => joined(rooms, event.payload))
    case 'voice.left': {
      const { userId, previousChannelId } = event.payload
      return inGuild(state, event.payload.guildId, (rooms) =>
        changed(rooms, (room) => (previousChannelId === null || room.channelId === previousChannelId ? without(room, userId) : room)))
    }
    case 'voice.updated': {
      const { channelId, userId, flags } = event.payload
      return inGuild(state, event.payload.guildId, (rooms) => inRoom(rooms, channelId, (room) => inMember(room, userId, (member) => ({ ...member, flags }))))
    }
    case 'member.updated': {
      const { guildId, userId, username, displayName, avatar, avatarUrl } = event.payload
      const renamed = (member: RoomMember) => ({ ...member, username, displayName, avatar, avatarUrl })
      return inGuild(state, guildId, (rooms) => changed(rooms, (room) => inMember(room, userId, renamed)))
    }
    default:
      return state
  }
}

function withGuild(state: RoomsState, guildId: string): RoomsState {
  if (state.guilds.some((guild) => guild.guildId === guildId)) return state
  const guild: GuildRooms = { guildId, name: '', iconUrl: null, unavailable: false, rooms: [] }
  return { ...state, guilds: [...state.guilds, guild] }
}

function inGuild(state: RoomsState, guildId: string, change: (rooms: Room[]) => Room[]): RoomsState {
  const guilds = changed(state.guilds, (guild) => {
    if (guild.guildId !== guildId) return guild
    const rooms = change(guild.rooms)
    return rooms === guild.rooms ? guild : { ...guild, rooms }
  })
  return guilds === state.guilds ? state : { ...state, guilds }
}

function created(rooms: Room[], room: RoomCreated): Room[] {
  const known = rooms.some(({ channelId }) => channelId === room.channelId)
  return known ? inRoom(rooms, room.channelId, ({ members }) => described(room, members)) : [...rooms, described(room, [])]
}

function described({ channelId, name, parentId, userLimit }: RoomCreated, members: RoomMember[]): Room {
  return { channelId, name, userLimit, members, ...(parentId === undefined ? {} : { parentId }) }
}

/** One user is in one room of a guild at most: whoever joins one is no longer in another. */
function joined(rooms: Room[], { channelId, userId, username, displayName, avatar, avatarUrl, flags }: VoiceJoined): Room[] {
  const member: RoomMember = { userId, username, displayName, avatar, avatarUrl, flags }
  return changed(rooms, (room) => {
    if (room.channelId !== channelId) return without(room, userId)
    const present = room.members.some((other) => other.userId === userId)
    return present ? inMember(room, userId, () => member) : { ...room, members: [...room.members, member] }
  })
}

function without(room: Room, userId: string): Room {
  const members = kept(room.members, (member) => member.userId !== userId)
  return members === room.members ? room : { ...room, members }
}

function inRoom(rooms: Room[], channelId: string, change: (room: Room) => Room): Room[] {
  return changed(rooms, (room) => (room.channelId === channelId ? change(room) : room))
}

function inMember(room: Room, userId: string, change: (member: RoomMember) => RoomMember): Room {
  const members = changed(room.members, (member) => (member.userId === userId ? change(member) : member))
  return members === room.members ? room : { ...room, members }
}

/** The list with `change` applied to each; the same list if nothing came out different. */
function changed<List extends readonly unknown[]>(list: List, change: (item: List[number]) => List[number]): List {
  const next = list.map(change)
  return next.some((item, index) => item !== list[index]) ? (next as unknown as List) : list
}

/** The list without what fails the test; the same list if nothing does. */
function kept<Item>(list: Item[], test: (item: Item) => boolean): Item[] {
  const next = list.filter(test)
  return next.length === list.length ? list : next
}
