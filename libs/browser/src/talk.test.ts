import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Author, Emoji, EventPayloads, MessageCreated } from './contracts.ts'
import type { EventName, StreamEvent } from './stream.ts'
import { applyToTalk, noTalk, type Talk, withPage } from './talk.ts'

const author: Author = { userId: 'nelly', username: 'nelly', displayName: 'Nelly', avatar: null, avatarUrl: '/n.png', bot: false }
const written = (messageId: string, content: string | null = messageId, channelId = 'c'): MessageCreated =>
  ({ guildId: 'g', channelId, messageId, author, content, attachments: [], createdAt: 1 })
const edit = (messageId: string, content: string) => ({ ...written(messageId, content), editedAt: 2 })

function after<Name extends EventName>(talk: Talk, event: Name, payload: EventPayloads[Name]): Talk {
  return applyToTalk(talk, { event, id: '1-0', payload } as StreamEvent)
}

const texts = (talk: Talk) => talk.messages.map(({ content }) => content)
const smile: Emoji = { id: null, name: '🙂', animated: false }
const own: Emoji = { id: '9', name: 'fanfare', animated: false }

test('what is written, changed and deleted, in this channel alone', () => {
  let talk = after(noTalk('c'), 'message.created', written('10'))
  assert.equal(after(talk, 'message.created', written('11', 'x', 'elsewhere')), talk)
  talk = after(talk, 'message.created', written('11'))
  talk = after(talk, 'message.updated', edit('10', 'better'))
  assert.deepEqual(texts(talk), ['better', '11'])
  assert.equal(talk.messages[0]?.editedAt, 2)
  talk = after(talk, 'message.deleted', { guildId: 'g', channelId: 'c', messageId: '10' })
  assert.deepEqual(texts(talk), ['11'])
  assert.deepEqual(texts(after(talk, 'message.updated', edit('10', 'too late'))), ['11'])
})

test('a page that was read goes in by id, tells nothing twice and brings nothing back', () => {
  let talk = after(noTalk('c'), 'message.created', written('100'))
  talk = after(talk, 'message.updated', edit('100', 'newer'))
  talk = after(talk, 'message.deleted', { guildId: 'g', channelId: 'c', messageId: '98' })
  talk = withPage(talk, [written('100', 'older'), written('99'), written('98'), written('9')])
  assert.deepEqual(texts(talk), ['9', '99', 'newer'])
  assert.equal(withPage(talk, [written('99')]), talk)
})

test('what was changed before it was read is not shown as it was', () => {
  const talk = after(after(noTalk('c'), 'message.updated', edit('5', 'once')), 'message.updated', edit('5', 'twice'))
  assert.deepEqual(texts(withPage(talk, [written('5', 'old'), written('6')])), ['twice', '6'])
})

test('a reset empties it', () => {
  const talk = withPage(after(noTalk('c'), 'message.updated', edit('5', 'x')), [written('6')])
  assert.deepEqual(after(talk, 'reset', { reason: 'expired' }), noTalk('c'))
})

test('who posted through Fanfare stays known after an edit', () => {
  const posted = { ...written('1'), author: { ...author, bot: true, onBehalfOf: 'priya' } }
  const talk = after(withPage(noTalk('c'), [posted]), 'message.updated', edit('1', 'x'))
  assert.equal(talk.messages[0]?.author.onBehalfOf, 'priya')
})

test('reactions by emoji, each person once', () => {
  const on = (userId: string, emoji = smile) => ({ guildId: 'g', channelId: 'c', messageId: '1', userId, emoji })
  let talk = withPage(noTalk('c'), [written('1')])
  for (const who of ['a', 'b', 'a']) talk = after(talk, 'reaction.added', on(who))
  talk = after(talk, 'reaction.added', on('a', own))
  assert.deepEqual(talk.messages[0]?.reactions, [{ emoji: '🙂', userIds: ['b', 'a'] }, { emoji: 'fanfare:9', userIds: ['a'] }])
  talk = after(talk, 'reaction.removed', on('a', own))
  assert.deepEqual(talk.messages[0]?.reactions.map(({ emoji }) => emoji), ['🙂'])
  talk = after(talk, 'reaction.cleared', { guildId: 'g', channelId: 'c', messageId: '1' })
  assert.deepEqual(talk.messages[0]?.reactions, [])
})

test('the oldest go when there are many', () => {
  const many = Array.from({ length: 400 }, (_, n) => written(String(1000 + n)))
  const talk = withPage(noTalk('c'), many)
  assert.equal(talk.messages.length, 300)
  assert.equal(talk.messages[0]?.messageId, '1100')
})
