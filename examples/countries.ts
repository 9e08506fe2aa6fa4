/** The list that the examples keep: the three most visited countries of the sample data. */
import type { LiveEvent } from './live-list.ts';

export interface Country {
  readonly __typename: 'Country';
  readonly id: string;
  readonly cca3: string;
  readonly visits: number;
}

export interface CountryList {
  readonly countries: { readonly __typename: 'CountryConnection'; readonly nodes: readonly Country[] };
}

export interface CountryEvent {
  readonly countries: LiveEvent<Country> & { readonly token: string };
}

/** For caches that hand over an event without its type. */
export const isCountryEvent = (event: object): event is CountryEvent => 'countries' in event;

const row = 'fragment Row on Country { __typename id cca3 visits }';
const visited = 'where: { visits: { gt: 0 } }, orderBy: [{ visits: DESC }], first: 3';

export const listQuery = `query List { countries(${visited}) { __typename nodes { ...Row } } } ${row}`;

/** With `after`, the token of the last event that was seen, a subscription goes on where it was cut off. */
export const watchQuery = `subscription Watch($after: CausalToken) {
  countries(${visited}, after: $after) {
    initial
    token
    inserted { index node { ...Row } }
    updated { index node { ...Row } }
    removed { index }
    moved { from to }
  }
} ${row}`;
