export * from './contracts.ts'
export { applyEvent, noRooms, type RoomsState } from './rooms.ts'
export {
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
  revokeInvite,
  sendMessage,
  type CallOptions,
} from './rpc.ts'
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
