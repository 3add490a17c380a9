import type { Emoji, MessageCreated, MessageUpdated } from './contracts.ts'
import type { StreamEvent } from './stream.ts'

/** Most messages that are kept of a channel; the oldest go. */
export const MESSAGES_KEPT = 300

/** A reaction to a message, as far as events told of it. */
export interface Reaction {
  /** A character, or `name:id` of a guild's own emoji: what `addReaction` takes. */
  readonly emoji: string
  readonly userIds: readonly string[]
}

/** A message as it is now. */
export interface TalkMessage extends MessageCreated {
  readonly editedAt: number | null
  /** Those that came since the talk is followed; Discord tells of no earlier ones. */
  readonly reactions: readonly Reaction[]
}

/** What is written in one channel, the oldest first. Never changed in place. */
export interface Talk {
  readonly channelId: string
  readonly messages: readonly TalkMessage[]
  /** Deleted since the talk is followed: a page that was read before may still hold them. */
  readonly deleted: readonly string[]
  /** Changed since the talk is followed and not read yet: a page that was read before holds what they were. */
  readonly edits: readonly MessageUpdated[]
}

/** Nothing yet. */
export const noTalk = (channelId: string): Talk => ({ channelId, messages: [], deleted: [], edits: [] })

/** The talk after an event; the same talk if the event is not about it. A `reset` empties it: it is to be read anew. */
export function applyToTalk(talk: Talk, event: StreamEvent): Talk {
  switch (event.event) {
    case 'reset':
      return noTalk(talk.channelId)
    case 'message.created':
      return isHere(talk, event.payload) ? withPage(talk, [event.payload]) : talk
    case 'message.updated': {
      const message = event.payload
      if (!isHere(talk, message)) return talk
      const known = talk.messages.some(({ messageId }) => messageId === message.messageId)
      if (!known) return { ...talk, edits: [...talk.edits, message].slice(-MESSAGES_KEPT) }
      return inMessage(talk, message.messageId, (old) => edited(old, message))
    }
    case 'message.deleted': {
      const { messageId } = event.payload
      if (!isHere(talk, event.payload)) return talk
      const deleted = [...talk.deleted, messageId].slice(-MESSAGES_KEPT)
      return { ...talk, deleted, messages: talk.messages.filter((message) => message.messageId !== messageId) }
    }
    case 'reaction.added':
    case 'reaction.removed': {
      const { messageId, userId, emoji } = event.payload
      const there = event.event === 'reaction.added'
      return isHere(talk, event.payload) ? inMessage(talk, messageId, (old) => reacted(old, emojiText(emoji), userId, there)) : talk
    }
    case 'reaction.cleared': {
      const { messageId, emoji } = event.payload
      const kept = (reaction: Reaction) => emoji !== undefined && reaction.emoji !== emojiText(emoji)
      return isHere(talk, event.payload) ? inMessage(talk, messageId, (old) => ({ ...old, reactions: old.reactions.filter(kept) })) : talk
    }
    default:
      return talk
  }
}

/** The talk with messages that were read, in any order. What is known already is newer. */
export function withPage(talk: Talk, page: readonly MessageCreated[]): Talk {
  const gone = new Set([...talk.deleted, ...talk.messages.map(({ messageId }) => messageId)])
  const late = (message: TalkMessage) => talk.edits.filter(({ messageId }) => messageId === message.messageId).reduce(edited, message)
  const fresh = page.filter(({ messageId }) => !gone.has(messageId)).map((message) => late({ ...message, editedAt: null, reactions: [] }))
  if (fresh.length === 0) return talk
  const messages = [...talk.messages, ...fresh].sort((a, b) => byId(a.messageId, b.messageId))
  return { ...talk, messages: messages.slice(-MESSAGES_KEPT) }
}

/** How `addReaction` names an emoji. */
export function emojiText({ id, name }: Emoji): string {
  return id === null ? (name ?? '') : `${name ?? '_'}:${id}`
}

function isHere(talk: Talk, { channelId }: { channelId: string }): boolean {
  return channelId === talk.channelId
}

function inMessage(talk: Talk, messageId: string, change: (message: TalkMessage) => TalkMessage): Talk {
  if (!talk.messages.some((message) => message.messageId === messageId)) return talk
  return { ...talk, messages: talk.messages.map((message) => (message.messageId === messageId ? change(message) : message)) }
}

function edited(old: TalkMessage, { content, attachments, editedAt, author }: MessageUpdated): TalkMessage {
  // Who posted it through Fanfare is said at first only.
  const onBehalfOf = author.onBehalfOf ?? old.author.onBehalfOf
  return { ...old, content, attachments, editedAt: editedAt ?? old.editedAt, author: { ...author, ...(onBehalfOf === undefined ? {} : { onBehalfOf }) } }
}

function reacted(old: TalkMessage, emoji: string, userId: string, there: boolean): TalkMessage {
  const known = old.reactions.find((reaction) => reaction.emoji === emoji)
  const others = (known?.userIds ?? []).filter((id) => id !== userId)
  const userIds = there ? [...others, userId] : others
  const reactions = known === undefined
    ? [...old.reactions, { emoji, userIds }]
    : old.reactions.map((reaction) => (reaction === known ? { emoji, userIds } : reaction))
  return { ...old, reactions: reactions.filter((reaction) => reaction.userIds.length > 0) }
}

/** Ids rise with time; they do not fit into a number. */
function byId(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}
