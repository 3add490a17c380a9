export * from './contracts.ts'
export { applyEvent, noRooms, type RoomsState } from './rooms.ts'
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
