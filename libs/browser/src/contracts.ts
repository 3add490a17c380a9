// Generated from the Rust types of libs/contracts by `make types`. Do not edit.

export type GuildId = string;

export type ChannelId = string;

export type UserId = string;

export type RoleId = string;

export type MessageId = string;

export type EventId = string;

export type EventKind = "voice.joined" | "voice.left" | "voice.updated" | "room.created" | "room.updated" | "room.deleted" | "message.created" | "message.updated" | "message.deleted" | "reaction.added" | "reaction.removed" | "reaction.cleared" | "typing.started" | "presence.updated" | "member.joined" | "member.updated" | "member.left" | "gap";

export type VoiceFlags = { 
/**
 * Muted by the guild.
 */
mute: boolean, 
/**
 * Deafened by the guild.
 */
deaf: boolean, 
/**
 * Muted by the user.
 */
selfMute: boolean, 
/**
 * Deafened by the user.
 */
selfDeaf: boolean, 
/**
 * Shares a screen.
 */
stream: boolean, 
/**
 * Shows a camera.
 */
video: boolean, 
/**
 * In a stage's audience.
 */
suppress: boolean, };

export type VoiceJoined = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The room joined.
 */
channelId: ChannelId, 
/**
 * Who.
 */
userId: UserId, 
/**
 * The user's name; always present.
 */
username: string, 
/**
 * Discord's hash of the avatar.
 */
avatar: string | null, 
/**
 * What people see: nickname, else global name, else user name.
 */
displayName: string, 
/**
 * Address of an image; there is always one.
 */
avatarUrl: string, 
/**
 * Muted, deafened, streaming …
 */
flags: VoiceFlags, };

export type VoiceLeft = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * Always null.
 */
channelId: ChannelId | null, 
/**
 * Who.
 */
userId: UserId, 
/**
 * The room left.
 */
previousChannelId: ChannelId | null, 
/**
 * Whether the user went to another room (which the receiver may not be allowed to see).
 */
moved: boolean, };

export type VoiceUpdated = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The room.
 */
channelId: ChannelId, 
/**
 * Who.
 */
userId: UserId, 
/**
 * What holds now.
 */
flags: VoiceFlags, };

export type RoomCreated = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The room.
 */
channelId: ChannelId, 
/**
 * Its name.
 */
name: string, 
/**
 * Its category.
 */
parentId?: ChannelId, 
/**
 * How many people it takes; 0 = no limit.
 */
userLimit: number, };

export type RoomUpdated = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The room.
 */
channelId: ChannelId, 
/**
 * Its name.
 */
name: string, 
/**
 * Its category.
 */
parentId?: ChannelId, 
/**
 * How many people it takes; 0 = no limit.
 */
userLimit: number, };

export type RoomDeleted = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The room.
 */
channelId: ChannelId, 
/**
 * True if the room still exists and only the receiver may no longer see it.
 */
access?: boolean, };

export type Author = { 
/**
 * The user, or the webhook's id.
 */
userId: UserId, 
/**
 * The user's name.
 */
username: string, 
/**
 * What people see.
 */
displayName: string, 
/**
 * Discord's hash of the avatar.
 */
avatar: string | null, 
/**
 * Address of an image; there is always one.
 */
avatarUrl: string, 
/**
 * Whether a bot or webhook wrote it.
 */
bot: boolean, 
/**
 * The web user in whose name Fanfare posted it.
 */
onBehalfOf?: UserId, };

export type Attachment = { 
/**
 * Its id.
 */
id: string, 
/**
 * Its name.
 */
filename: string, 
/**
 * Its media type, where Discord knows it.
 */
contentType: string | null, 
/**
 * Bytes.
 */
size: number, 
/**
 * Where to get it.
 */
url: string, };

export type Emoji = { 
/**
 * Id of a guild's own emoji.
 */
id: string | null, 
/**
 * The character, or the name of a guild's own emoji.
 */
name: string | null, 
/**
 * Whether it moves.
 */
animated: boolean, };

export type MessageCreated = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The channel or thread.
 */
channelId: ChannelId, 
/**
 * The message.
 */
messageId: MessageId, 
/**
 * Who wrote it.
 */
author: Author, 
/**
 * The text; null where Discord does not give it to this bot (no message content intent) or where it was deleted.
 */
content: string | null, 
/**
 * Files.
 */
attachments: Array<Attachment>, 
/**
 * Unix ms.
 */
createdAt: number, 
/**
 * The message it answers.
 */
replyTo?: MessageId, };

export type MessageUpdated = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The channel or thread.
 */
channelId: ChannelId, 
/**
 * The message.
 */
messageId: MessageId, 
/**
 * Who wrote it.
 */
author: Author, 
/**
 * The text, or null as in `message.created`.
 */
content: string | null, 
/**
 * Files.
 */
attachments: Array<Attachment>, 
/**
 * Unix ms of the first version.
 */
createdAt: number, 
/**
 * Unix ms of this version; null when Discord only added a preview.
 */
editedAt: number | null, };

export type MessageDeleted = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The channel or thread.
 */
channelId: ChannelId, 
/**
 * The message.
 */
messageId: MessageId, };

export type ReactionAdded = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The channel or thread.
 */
channelId: ChannelId, 
/**
 * The message.
 */
messageId: MessageId, 
/**
 * Who.
 */
userId: UserId, 
/**
 * With what.
 */
emoji: Emoji, };

export type ReactionRemoved = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The channel or thread.
 */
channelId: ChannelId, 
/**
 * The message.
 */
messageId: MessageId, 
/**
 * Who.
 */
userId: UserId, 
/**
 * With what.
 */
emoji: Emoji, };

export type ReactionCleared = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The channel or thread.
 */
channelId: ChannelId, 
/**
 * The message.
 */
messageId: MessageId, 
/**
 * Only this one; absent = all.
 */
emoji?: Emoji, };

export type TypingStarted = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The channel or thread.
 */
channelId: ChannelId, 
/**
 * Who.
 */
userId: UserId, 
/**
 * Unix ms.
 */
ts: number, };

export type PresenceActivity = { 
/**
 * What it is called.
 */
name: string, 
/**
 * 0 playing, 1 streaming, 2 listening, 3 watching, 4 custom, 5 competing.
 */
type: number, 
/**
 * Text of a custom status.
 */
state?: string, };

export type PresenceUpdated = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * Who.
 */
userId: UserId, 
/**
 * `online`, `idle`, `dnd` or `offline`.
 */
status: string, 
/**
 * What the user does.
 */
activities: Array<PresenceActivity>, };

export type MemberJoined = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * Who.
 */
userId: UserId, 
/**
 * The user's name.
 */
username: string, 
/**
 * What people see.
 */
displayName: string, 
/**
 * Discord's hash of the avatar.
 */
avatar: string | null, 
/**
 * Address of an image; there is always one.
 */
avatarUrl: string, 
/**
 * Roles beside @everyone.
 */
roles: Array<RoleId>, };

export type MemberUpdated = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * Who.
 */
userId: UserId, 
/**
 * The user's name.
 */
username: string, 
/**
 * What people see.
 */
displayName: string, 
/**
 * Discord's hash of the avatar.
 */
avatar: string | null, 
/**
 * Address of an image; there is always one.
 */
avatarUrl: string, 
/**
 * Roles beside @everyone.
 */
roles: Array<RoleId>, };

export type MemberLeft = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * Who.
 */
userId: UserId, };

export type Gap = { 
/**
 * The guild concerned.
 */
guildId: GuildId, 
/**
 * Unix ms: the last moment known to be complete.
 */
since: number, 
/**
 * Unix ms: from here on the events are complete again.
 */
until: number, 
/**
 * The events that may be missing.
 */
kinds: Array<EventKind>, };

export type RoomMember = { 
/**
 * Who.
 */
userId: UserId, 
/**
 * The user's name.
 */
username: string, 
/**
 * What people see.
 */
displayName: string, 
/**
 * Discord's hash of the avatar.
 */
avatar: string | null, 
/**
 * Address of an image; there is always one.
 */
avatarUrl: string, 
/**
 * Muted, deafened, streaming …
 */
flags: VoiceFlags, };

export type Room = { 
/**
 * The room.
 */
channelId: ChannelId, 
/**
 * Its name.
 */
name: string, 
/**
 * Its category.
 */
parentId?: ChannelId, 
/**
 * How many people it takes; 0 = no limit.
 */
userLimit: number, 
/**
 * Who is in it.
 */
members: Array<RoomMember>, };

export type GuildRooms = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * Its name.
 */
name: string, 
/**
 * Address of its icon.
 */
iconUrl: string | null, 
/**
 * True during an outage of Discord: the rooms are those known before it.
 */
unavailable: boolean, 
/**
 * Rooms in Discord's order.
 */
rooms: Array<Room>, };

export type Snapshot = { 
/**
 * The guilds of the stream.
 */
guilds: Array<GuildRooms>, };

export type ResetReason = "expired" | "trimmed" | "epoch" | "future";

export type Reset = { 
/**
 * Why the cursor can't be continued.
 */
reason: ResetReason, };

export type UnavailableReason = "draining" | "overload" | "bus";

export type Unavailable = { 
/**
 * Why.
 */
reason: UnavailableReason, };

export type PastEvent = { 
/**
 * Its id.
 */
id: EventId, 
/**
 * Its name.
 */
event: EventKind, 
/**
 * Unix ms when the gateway received the dispatch.
 */
ts: number, 
/**
 * What browsers receive.
 */
payload: unknown, };

export type FieldProblem = { 
/**
 * Which field or query parameter.
 */
field: string, 
/**
 * A stable code for programs.
 */
code: string, 
/**
 * What it may be.
 */
message: string, };

export type Problem = { 
/**
 * Always `about:blank`: the code says what it is.
 */
type: string, 
/**
 * HTTP status.
 */
status: number, 
/**
 * What kind of problem, in words.
 */
title: string, 
/**
 * A stable code for programs, in kebab case.
 */
code: string, 
/**
 * What happened this time; never a secret, never a stack trace.
 */
detail?: string, 
/**
 * The fields that are wrong, all at once.
 */
errors?: Array<FieldProblem>, 
/**
 * The request's id, for looking it up in the log.
 */
requestId?: string, };

export type CreateRoom = { 
/**
 * 1 to 100 characters; composed (NFC) and trimmed first. No control or direction characters.
 */
name: string, 
/**
 * 0 to 99; 0 = no limit.
 */
userLimit?: number, 
/**
 * Absent = the default guild, else the only one shared.
 */
guildId?: GuildId, };

export type RoomMade = { 
/**
 * The room.
 */
channelId: ChannelId, 
/**
 * Whoever has it may join. A secret.
 */
inviteToken: string, 
/**
 * The same as an address.
 */
inviteUrl: string, };

export type JoinRoom = { 
/**
 * From an invite.
 */
token: string, };

export type RoomJoined = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The room.
 */
channelId: ChannelId, 
/**
 * Whether the user was in voice and is now in the room.
 */
moved: boolean, };

export type ConnectUserToVoiceChannel = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The room.
 */
channelId: ChannelId, 
/**
 * Who.
 */
userId: UserId, };

export type UserConnected = { 
/**
 * Whether the user is now in the room.
 */
moved: boolean, };

export type DeleteRoom = { 
/**
 * The room.
 */
channelId: ChannelId, };

export type CreateInvite = { 
/**
 * The room.
 */
channelId: ChannelId, 
/**
 * Seconds, 60 to 604800 (a week); absent = as long as the room.
 */
expiresIn?: number, 
/**
 * How many people may use it, 1 to 100; absent = any number.
 */
maxUses?: number, };

export type InviteMade = { 
/**
 * For revoking it.
 */
inviteId: string, 
/**
 * Whoever has it may join. A secret.
 */
inviteToken: string, 
/**
 * The same as an address.
 */
inviteUrl: string, };

export type RevokeInvite = { 
/**
 * From `createInvite`.
 */
inviteId: string, };

export type SendMessage = { 
/**
 * The channel.
 */
channelId: ChannelId, 
/**
 * 1 to 2000 characters after trimming. Mentions notify nobody.
 */
content: string, };

export type MessageSent = { 
/**
 * The message.
 */
messageId: MessageId, };

export type AddReaction = { 
/**
 * The channel.
 */
channelId: ChannelId, 
/**
 * The message.
 */
messageId: MessageId, 
/**
 * One emoji, or `name:id` of a guild's own.
 */
emoji: string, };

export type StreamToken = { 
/**
 * Opens a WebSocket.
 */
token: string, 
/**
 * Unix ms.
 */
expiresAt: number, };

export type Done = Record<symbol, never>;

export type Ability = "readMessages" | "sendMessage" | "addReaction" | "connectSelf" | "connectOthers" | "createInvite" | "deleteRoom";

export type ChannelAbilities = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * The channel or thread.
 */
channelId: ChannelId, 
/**
 * What the user may do there; what is not named would be refused.
 */
may: Array<Ability>, };

export type ChannelMessages = { 
/**
 * The newest first.
 */
messages: Array<MessageCreated>, };

export type Me = { 
/**
 * Who is signed in.
 */
userId: UserId, 
/**
 * The user's name.
 */
username: string, 
/**
 * What people see.
 */
displayName: string, 
/**
 * Address of an image.
 */
avatarUrl: string, 
/**
 * Whether the user may look at `GET /api/operations`.
 */
operator: boolean, };

export type SharedGuild = { 
/**
 * The guild.
 */
guildId: GuildId, 
/**
 * Its name.
 */
name: string, 
/**
 * Address of its icon.
 */
iconUrl: string | null, };

export type Operations = { 
/**
 * The replica that answers.
 */
replica: ReplicaState, 
/**
 * Whether this replica knows the gateways.
 */
registry: RegistryState, 
/**
 * The gateways that are alive, by their ids; 256 at most.
 */
gateways: Array<GatewayState>, 
/**
 * How many shards are in force; `null` = nobody has said yet, or it is not known here.
 */
shardCount: number | null, 
/**
 * How many shards follow once all leases of those in force are released.
 */
nextShardCount: number | null, 
/**
 * Every shard in force, by its number; 4096 at most.
 */
shards: Array<ShardState>, };

export type ReplicaState = { 
/**
 * Version of the program.
 */
version: string, 
/**
 * The way from the event bus to this replica.
 */
hub: HubState, 
/**
 * Whether it is stopping.
 */
draining: boolean, 
/**
 * Open streams.
 */
streams: number, 
/**
 * Guilds that it follows.
 */
guilds: number, 
/**
 * Bytes of the events that it keeps for browsers that come back.
 */
ringBytes: number, 
/**
 * Every event up to this id is applied.
 */
complete: EventId, };

export type HubState = "starting" | "ready" | "away" | "repairing" | "detached";

export type RegistryState = "known" | "away" | "none";

export type GatewayState = { 
/**
 * Its id; a restarted one has another.
 */
instance: string, 
/**
 * Version of the program.
 */
version: string, 
/**
 * Unix ms when it started, by its own clock.
 */
startedAt: number, 
/**
 * Unix ms when it was last heard of, by the registry's clock.
 */
heartbeatAt: number, 
/**
 * The numbers of the shards that it holds.
 */
shards: Array<number>, };

export type ShardState = { 
/**
 * Its number, from 0.
 */
id: number, 
/**
 * The instance that holds its lease; `null` = nobody does.
 */
owner: string | null, 
/**
 * Its connection to Discord, as its owner says: `CONNECTED`, `RESUMING` …; `null` = its owner has not said.
 */
connection: string | null, };

export type StreamRequest = { "type": "auth", 
/**
 * Version of this protocol: 1.
 */
v: number, 
/**
 * From `issueStreamToken`.
 */
token: string, 
/**
 * The last id that arrived; the stream goes on after it.
 */
lastEventId?: string, 
/**
 * The guilds; all that the user and the bot share, if absent.
 */
guilds?: Array<string>, 
/**
 * Names of events or families like `voice.*`; if absent those that a page of rooms needs.
 */
events?: Array<string>, 
/**
 * Whether the stream begins with a `snapshot`.
 */
snapshot?: boolean, } | { "type": "ping", 
/**
 * Version of this protocol: 1.
 */
v: number, };

export type StreamMessage = { "type": "ready", 
/**
 * Version of this protocol.
 */
v: number, 
/**
 * How many milliseconds to wait before coming back, should the connection break off.
 */
retryMs: number, } | { "type": "event", 
/**
 * Version of this protocol.
 */
v: number, 
/**
 * Which.
 */
event: string, 
/**
 * The cursor after it; absent where the cursor stays.
 */
id?: EventId, 
/**
 * Unix ms: when it happened.
 */
ts: number, 
/**
 * By the event's name, see `EventPayloads`.
 */
payload: unknown, 
/**
 * With `unavailable`: how many milliseconds to wait before coming back.
 */
retryMs?: number, } | { "type": "cursor", 
/**
 * Version of this protocol.
 */
v: number, 
/**
 * The cursor.
 */
id: EventId, } | { "type": "warning", 
/**
 * Version of this protocol.
 */
v: number, 
/**
 * A stable code: `slow-reader`.
 */
code: string, 
/**
 * What it means.
 */
message: string, } | { "type": "error", 
/**
 * Version of this protocol.
 */
v: number, 
/**
 * A stable code, as in problem documents.
 */
code: string, 
/**
 * What it means.
 */
message: string, 
/**
 * The fields that are wrong, all at once.
 */
errors?: Array<FieldProblem>, } | { "type": "pong", 
/**
 * Version of this protocol.
 */
v: number, };

/** What arrives on a stream: the name of an event and the type of its payload. */
export interface EventPayloads {
  "voice.joined": VoiceJoined;
  "voice.left": VoiceLeft;
  "voice.updated": VoiceUpdated;
  "room.created": RoomCreated;
  "room.updated": RoomUpdated;
  "room.deleted": RoomDeleted;
  "message.created": MessageCreated;
  "message.updated": MessageUpdated;
  "message.deleted": MessageDeleted;
  "reaction.added": ReactionAdded;
  "reaction.removed": ReactionRemoved;
  "reaction.cleared": ReactionCleared;
  "typing.started": TypingStarted;
  "presence.updated": PresenceUpdated;
  "member.joined": MemberJoined;
  "member.updated": MemberUpdated;
  "member.left": MemberLeft;
  "gap": Gap;
  snapshot: Snapshot;
  reset: Reset;
  unavailable: Unavailable;
}
