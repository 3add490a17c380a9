import type { Room, RoomMember } from '../../../../../libs/browser/src/index.ts'
import { element, reconcile, setAttribute, setText } from './element.ts'
import { icon } from './icon.ts'
import { makeMember, updateMember } from './member.ts'
import { leave } from './motion.ts'

/** A room's card. */
export class RoomCard {
  readonly node: HTMLElement
  readonly #name = element('button', { type: 'button', class: 'room-open', 'data-testid': 'room-open' })
  readonly #count = element('span', { class: 'count' })
  readonly #list = element('ul', { class: 'members' })
  readonly #empty = element('p', { class: 'empty' }, 'Nobody here yet')
  readonly #members = new Map<string, HTMLLIElement>()
  #shown: Room | undefined

  constructor(readonly guildId: string, room: Room, open: (guildId: string, channelId: string) => void) {
    this.#name.addEventListener('click', () => open(guildId, room.channelId))
    this.#name.id = `room-${room.channelId}`
    this.node = element(
      'section',
      { class: 'room', 'data-testid': 'room', 'data-channel-id': room.channelId, 'aria-labelledby': this.#name.id },
      element('div', { class: 'room-head' }, icon('speaker'), element('h3', {}, this.#name), this.#count),
      this.#list,
      this.#empty,
    )
  }

  update(room: Room): void {
    if (room === this.#shown) return
    this.#shown = room
    setText(this.#name, room.name)
    const people = room.members.length
    const full = room.userLimit > 0 && people >= room.userLimit
    setText(this.#count, room.userLimit > 0 ? `${people} / ${room.userLimit}` : String(people))
    setAttribute(this.#count, 'aria-label', words(people, room.userLimit))
    setAttribute(this.#count, 'title', words(people, room.userLimit))
    this.node.classList.toggle('occupied', people > 0)
    this.node.classList.toggle('full', full)
    this.#empty.hidden = people > 0
    reconcile(this.#list, this.#members, room.members, ({ userId }) => userId, (member) => this.#make(member), updateMember, leave)
  }

  /** The people shown, without those who fade out. */
  members(): Iterable<HTMLElement> {
    return this.#members.values()
  }

  #make(member: RoomMember): HTMLLIElement {
    const node = makeMember(member)
    // The same in every room of the guild: a person who moves glides from one card to the other.
    node.dataset['place'] = `${this.guildId} ${member.userId}`
    return node
  }
}

function words(people: number, limit: number): string {
  const count = `${people} ${people === 1 ? 'person' : 'people'}`
  if (limit === 0) return count
  return people >= limit ? `${count}, full` : `${count}, room for ${limit}`
}
