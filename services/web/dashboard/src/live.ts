import { applyEvent, noRooms, openStream, type Me, type Room, type RoomsState, type Stream, type StreamEvent, type StreamStatus } from '../../../../libs/browser/src/index.ts'
import { sharedGuilds } from './api.ts'
import { type Happening, Narrator } from './happening.ts'
import { ActivityView } from './view/activity.ts'
import { closeAll } from './view/dialog.ts'
import { Dropout } from './view/dropout.ts'
import { element } from './view/element.ts'
import { newRoom } from './view/new-room.ts'
import type { Notices } from './view/notices.ts'
import { loading, noGuilds } from './view/pages.ts'
import { Panel } from './view/panel.ts'
import { RoomsView } from './view/rooms.ts'

/** Lines that wait for the next frame; the newest stay. */
const WAITING = 100

const UNAVAILABLE = {
  draining: 'This server is being replaced. The page reconnects by itself in a moment.',
  overload: 'There are too many open pages at the moment. This one comes back by itself.',
  bus: 'Live events are away for a moment. The page comes back by itself.',
} as const

/** The signed-in part of the page: the stream, the picture it makes, and the views of that picture. */
export class Live {
  readonly node: HTMLElement
  readonly #rooms = new RoomsView({ open: (guildId, channelId) => this.#open(guildId, channelId), make: newRoom })
  readonly #activity: ActivityView
  readonly #narrator = new Narrator()
  readonly #dropout = new Dropout()
  readonly #stage = element('div', { class: 'stage' }, loading())
  readonly #notices: Notices
  readonly #stream: Stream
  #state: RoomsState = noRooms
  #panel: Panel | undefined
  #waiting: Happening[] = []
  #frame: number | undefined

  constructor(readonly me: Me, notices: Notices, readonly announcer: HTMLElement, onStatus: (status: StreamStatus) => void) {
    this.#notices = notices
    this.#activity = new ActivityView(announcer)
    this.node = element('div', { class: 'columns' }, this.#stage, this.#activity.node)
    this.#stream = openStream({
      snapshot: true,
      onEvent: (event) => this.#receive(event),
      onStatus: (status) => {
        if (status === 'open') notices.hide('unavailable')
        onStatus(status)
      },
    })
  }

  close(): void {
    this.#stream.close()
    this.#shut()
    closeAll()
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
  }

  #receive(event: StreamEvent): void {
    const happening = this.#narrator.tell(this.#state, event)
    if (happening !== null) this.#waiting = [...this.#waiting.slice(1 - WAITING), happening]
    this.#watchMyself(event)
    const known = this.#state.guilds.length
    this.#state = applyEvent(this.#state, event)
    if (event.event === 'reset') this.#notices.show('reset', 'Some events were missed while this page was away. The rooms were read anew.')
    if (event.event === 'unavailable') this.#notices.show('unavailable', UNAVAILABLE[event.payload.reason] ?? UNAVAILABLE.bus, true)
    if (event.event === 'gap') this.#notices.show('gap', `Fanfare missed some events between ${clock(event.payload.since)} and ${clock(event.payload.until)}.`)
    if (event.event === 'room.created' && this.#state.guilds.length > known) void this.#nameGuilds()
    this.#frame ??= requestAnimationFrame(() => this.#paint())
    // A hidden tab paints no frames: the page must be right, and its memory bounded, when it is looked at again.
    if (document.hidden) this.#paint()
  }

  /** Many events between two frames cost one painting. */
  #paint(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#frame = undefined
    if (this.#state.ready) {
      this.#rooms.update(this.#state)
      const page = this.#state.guilds.length === 0 ? noGuilds : () => this.#rooms.node
      const shown = this.#stage.firstElementChild
      const wanted = this.#state.guilds.length === 0 ? 'no-guilds' : undefined
      if (wanted === undefined ? shown !== this.#rooms.node : (shown as HTMLElement).dataset['testid'] !== wanted) this.#stage.replaceChildren(page())
    }
    if (this.#panel !== undefined) this.#follow(this.#panel)
    this.#dropout.paint(this.#state, this.me.userId)
    this.#activity.add(this.#waiting)
    this.#waiting = []
  }

  /** Whether the user has just dropped out of voice, judged by the picture before. */
  #watchMyself(event: StreamEvent): void {
    if (event.event === 'voice.joined' && event.payload.userId === this.me.userId) this.#dropout.back()
    if (event.event !== 'voice.left' || event.payload.userId !== this.me.userId || event.payload.moved) return
    const { guildId, previousChannelId } = event.payload
    const room = previousChannelId === null ? undefined : this.#room(guildId, previousChannelId)
    if (room?.members.some(({ userId }) => userId === this.me.userId)) this.#dropout.left({ guildId, channelId: room.channelId, name: room.name })
  }

  #open(guildId: string, channelId: string): void {
    const room = this.#room(guildId, channelId)
    if (room === undefined || this.#panel?.channelId === channelId) return
    this.#shut()
    const opener = document.activeElement
    this.#panel = new Panel(this.me, guildId, room, this.announcer, () => {
      this.#shut()
      if (opener instanceof HTMLElement) opener.focus()
    })
    this.#activity.node.hidden = true
    this.node.append(this.#panel.node)
    this.#panel.focus()
  }

  /** A room that is gone, or out of sight, takes its panel along. */
  #follow(panel: Panel): void {
    if (!this.#state.ready) return
    const room = this.#room(panel.guildId, panel.channelId)
    if (room === undefined) this.#shut()
    else panel.update(room)
  }

  #shut(): void {
    this.#panel?.close()
    this.#panel = undefined
    this.#activity.node.hidden = false
  }

  #room(guildId: string, channelId: string): Room | undefined {
    const guild = this.#state.guilds.find((guild) => guild.guildId === guildId)
    return guild?.rooms.find((room) => room.channelId === channelId)
  }

  /** A guild that came after the snapshot has no name yet. */
  async #nameGuilds(): Promise<void> {
    try {
      const named = new Map((await sharedGuilds()).map((guild) => [guild.guildId, guild]))
      const guilds = this.#state.guilds.map((guild) => (guild.name === '' ? { ...guild, ...named.get(guild.guildId) } : guild))
      this.#state = { ...this.#state, guilds }
      this.#frame ??= requestAnimationFrame(() => this.#paint())
    } catch {
      // It keeps the name of a new server until the next snapshot.
    }
  }
}

function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
}
