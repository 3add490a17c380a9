import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventPayloads, RoomMember, VoiceFlags } from './contracts.ts'
import { applyEvent, noRooms, type RoomsState } from './rooms.ts'
import type { EventName, StreamEvent } from './stream.ts'

const flags: VoiceFlags = { mute: false, deaf: false, selfMute: false, selfDeaf: false, stream: false, video: false, suppress: false }
const person = (userId: string): RoomMember => ({ userId, username: userId, displayName: userId.toUpperCase(), avatar: null, avatarUrl: `/${userId}.png`, flags })

function after<Name extends EventName>(state: RoomsState, event: Name, payload: EventPayloads[Name]): RoomsState {
  return applyEvent(state, { event, id: '1-0', payload } as StreamEvent)
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze)
  return value
}

const picture = freeze(after(noRooms, 'snapshot', {
  guilds: [
    { guildId: 'g', name: 'Guild', iconUrl: null, unavailable: false, rooms: [
      { channelId: 'a', name: 'A', userLimit: 0, members: [person('nelly')] },
      { channelId: 'b', name: 'B', parentId: 'p', userLimit: 5, members: [] },
    ] },
    { guildId: 'h', name: 'Other', iconUrl: null, unavailable: false, rooms: [] },
  ],
}))

const people = (state: RoomsState) =>
  Object.fromEntries(state.guilds.flatMap(({ rooms }) => rooms.map((room) => [room.channelId, room.members.map(({ userId }) => userId)])))

test('a snapshot is the picture', () => {
  assert.equal(picture.ready, true)
  assert.deepEqual(people(picture), { a: ['nelly'], b: [] })
})

test('a reset empties the picture until the next snapshot', () => {
  const reset = after(picture, 'reset', { reason: 'trimmed' })
  assert.deepEqual(reset, noRooms)
  assert.equal(reset.ready, false)
})

test('who joins is in the room, who leaves is not', () => {
  const joined = after(picture, 'voice.joined', { guildId: 'g', channelId: 'a', ...person('mason') })
  assert.deepEqual(people(joined), { a: ['nelly', 'mason'], b: [] })
  const left = after(joined, 'voice.left', { guildId: 'g', channelId: null, userId: 'nelly', previousChannelId: 'a', moved: false })
  assert.deepEqual(people(left), { a: ['mason'], b: [] })
})

test('a move takes the person from one room to the other, even if the leave was not seen', () => {
  const moved = after(picture, 'voice.joined', { guildId: 'g', channelId: 'b', ...person('nelly') })
  assert.deepEqual(people(moved), { a: [], b: ['nelly'] })
})

test('joining twice changes the person, not the count', () => {
  const again = after(picture, 'voice.joined', { guildId: 'g', channelId: 'a', ...person('nelly'), displayName: 'Nell' })
  assert.deepEqual(again.guilds[0]?.rooms[0]?.members.map(({ displayName }) => displayName), ['Nell'])
})

test('a leave without a room takes the person out of every room', () => {
  const left = after(picture, 'voice.left', { guildId: 'g', channelId: null, userId: 'nelly', previousChannelId: null, moved: false })
  assert.deepEqual(people(left), { a: [], b: [] })
})

test('a leave of another room leaves the person where it is', () => {
  const left = after(picture, 'voice.left', { guildId: 'g', channelId: null, userId: 'nelly', previousChannelId: 'b', moved: true })
  assert.equal(left, picture)
})

test('flags follow voice.updated', () => {
  const muted = after(picture, 'voice.updated', { guildId: 'g', channelId: 'a', userId: 'nelly', flags: { ...flags, selfMute: true } })
  assert.equal(muted.guilds[0]?.rooms[0]?.members[0]?.flags.selfMute, true)
})

test('rooms come, change and go; the people in them stay with them', () => {
  const made = after(picture, 'room.created', { guildId: 'g', channelId: 'c', name: 'C', userLimit: 2 })
  assert.deepEqual(Object.keys(people(made)), ['a', 'b', 'c'])
  const renamed = after(made, 'room.updated', { guildId: 'g', channelId: 'a', name: 'Alpha', parentId: 'p', userLimit: 9 })
  assert.deepEqual(renamed.guilds[0]?.rooms[0], { channelId: 'a', name: 'Alpha', parentId: 'p', userLimit: 9, members: [person('nelly')] })
  const uncategorised = after(renamed, 'room.updated', { guildId: 'g', channelId: 'b', name: 'B', userLimit: 5 })
  assert.equal('parentId' in (uncategorised.guilds[0]?.rooms[1] ?? {}), false)
  const gone = after(uncategorised, 'room.deleted', { guildId: 'g', channelId: 'a', access: true })
  assert.deepEqual(people(gone), { b: [], c: [] })
})

test('a room that is made twice is changed, not doubled', () => {
  const again = after(picture, 'room.created', { guildId: 'g', channelId: 'a', name: 'A2', userLimit: 1 })
  assert.deepEqual(people(again), { a: ['nelly'], b: [] })
  assert.equal(again.guilds[0]?.rooms[0]?.name, 'A2')
})

test('a room of an unknown guild brings the guild along', () => {
  const grown = after(picture, 'room.created', { guildId: 'new', channelId: 'n', name: 'N', userLimit: 0 })
  assert.deepEqual(grown.guilds.map(({ guildId, name }) => [guildId, name]), [['g', 'Guild'], ['h', 'Other'], ['new', '']])
})

test('a member who is renamed is renamed in the room', () => {
  const renamed = after(picture, 'member.updated', { guildId: 'g', userId: 'nelly', username: 'n', displayName: 'Nell', avatar: 'h', avatarUrl: '/n.png', roles: [] })
  const member = renamed.guilds[0]?.rooms[0]?.members[0]
  assert.deepEqual([member?.displayName, member?.avatarUrl, member?.flags], ['Nell', '/n.png', flags])
})

test('what changes nothing returns the same picture, and what does not change is shared', () => {
  const same = [
    after(picture, 'voice.joined', { guildId: 'g', channelId: 'unknown', ...person('x') }),
    after(picture, 'voice.updated', { guildId: 'g', channelId: 'b', userId: 'nelly', flags }),
    after(picture, 'room.deleted', { guildId: 'g', channelId: 'unknown' }),
    after(picture, 'room.updated', { guildId: 'unknown', channelId: 'a', name: 'X', userLimit: 0 }),
    after(picture, 'gap', { guildId: 'g', since: 1, until: 2, kinds: ['voice.joined'] }),
    after(picture, 'unavailable', { reason: 'draining' }),
  ]
  for (const state of same) assert.equal(state, picture)
  const joined = after(picture, 'voice.joined', { guildId: 'g', channelId: 'b', ...person('mason') })
  assert.equal(joined.guilds[1], picture.guilds[1])
  assert.equal(joined.guilds[0]?.rooms[0], picture.guilds[0]?.rooms[0])
})
