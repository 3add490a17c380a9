export * from './contracts.ts'
export { applyEvent, noRooms, type RoomsState } from './rooms.ts'
export {
  abilities,
  addReaction,
  connectUserToVoiceChannel,
  createInvite,
  createRoom,
  deleteRoom,
  FanfareError,
  guilds,
  issueStreamToken,
  joinRoom,
  me,
  messages,
  operations,
  revokeInvite,
  sendMessage,
  type CallOptions,
} from './rpc.ts'
export { applyToTalk, emojiText, MESSAGES_KEPT, noTalk, withPage, type Reaction, type Talk, type TalkMessage } from './talk.ts'
export {
  openStream,
  type EventName,
  type EventPattern,
  type Handlers,
  type Stream,
  type StreamEvent,
  type StreamOptions,
  type StreamStatus,
} from './stream.ts'
