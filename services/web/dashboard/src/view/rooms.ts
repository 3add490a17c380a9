import type { GuildRooms, RoomsState } from '../../../../../libs/browser/src/index.ts'
import { element, reconcile, setText } from './element.ts'
import { glide, places } from './motion.ts'
import { picture, setPicture } from './picture.ts'
import { RoomCard } from './room.ts'

/** What people can do here. */
export interface RoomActions {
  open(guildId: string, channelId: string): void
  make(guildId: string, guildName: string): void
}

/** A guild with the cards of its rooms. */
class GuildSection {
  readonly node: HTMLElement
  readonly cards = new Map<string, RoomCard>()
  readonly #icon = picture('guild-icon', null, '')
  readonly #name = element('h2', {})
  readonly #count = element('p', { class: 'guild-count' })
  readonly #outage = element('p', { class: 'outage' }, 'Discord has an outage here. These are the rooms known before it.')
  readonly #empty = element('p', { class: 'plain' }, 'No voice rooms that everyone here may see.')
  readonly #grid = element('div', { class: 'rooms' })
  readonly #nodes = new Map<string, HTMLElement>()

  constructor(guild: GuildRooms, readonly actions: RoomActions) {
    this.#name.id = `guild-${guild.guildId}`
    const make = element('button', { type: 'button', class: 'button quiet', 'data-testid': 'new-room-open' }, 'New room')
    make.addEventListener('click', () => actions.make(guild.guildId, this.#name.textContent ?? ''))
    this.node = element(
      'section',
      { class: 'guild', 'data-testid': 'guild', 'data-guild-id': guild.guildId, 'aria-labelledby': this.#name.id },
      element('header', { class: 'guild-head' }, this.#icon, this.#name, this.#count, make),
      this.#outage,
      this.#grid,
      this.#empty,
    )
  }

  update(guild: GuildRooms): void {
    const name = guild.name === '' ? 'New server' : guild.name
    const people = guild.rooms.reduce((sum, room) => sum + room.members.length, 0)
    setText(this.#name, name)
    setText(this.#count, `${plural(people, 'person', 'people')} in ${plural(guild.rooms.length, 'room', 'rooms')}`)
    setPicture(this.#icon, guild.iconUrl, name)
    this.#outage.hidden = !guild.unavailable
    this.#empty.hidden = guild.rooms.length > 0
    reconcile(
      this.#grid,
      this.#nodes,
      guild.rooms,
      ({ channelId }) => channelId,
      (room) => {
        const card = new RoomCard(guild.guildId, room, this.actions.open)
        this.cards.set(room.channelId, card)
        return card.node
      },
      (_, room) => this.cards.get(room.channelId)?.update(room),
      (node) => {
        this.cards.delete(node.dataset['channelId'] ?? '')
        node.remove()
      },
    )
  }
}

/** The guilds and their rooms. */
export class RoomsView {
  readonly node = element('div', { class: 'guilds' })
  readonly #sections = new Map<string, GuildSection>()
  readonly #nodes = new Map<string, HTMLElement>()
  #filled = false

  constructor(readonly actions: RoomActions) {}

  update({ ready, guilds }: RoomsState): void {
    if (!ready) return
    const from = places(this.#movable())
    reconcile(
      this.node,
      this.#nodes,
      guilds,
      ({ guildId }) => guildId,
      (guild) => {
        const section = new GuildSection(guild, this.actions)
        this.#sections.set(guild.guildId, section)
        return section.node
      },
      (_, guild) => this.#sections.get(guild.guildId)?.update(guild),
      (node) => {
        this.#sections.delete(node.dataset['guildId'] ?? '')
        node.remove()
      },
    )
    glide(this.#movable(), from, !this.#filled)
    this.#filled = true
  }

  *#movable(): Iterable<HTMLElement> {
    for (const { cards } of this.#sections.values()) {
      for (const card of cards.values()) yield* card.members()
    }
  }
}

export function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
