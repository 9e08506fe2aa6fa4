/** The work that all subjects do: made documents, and updates in an order that is nobody's order in memory. */

export type Fields = {
  readonly name: string;
  readonly make: string;
  readonly color: string;
  readonly year: number;
  readonly price: number;
  readonly sold: boolean;
};

export interface Update {
  readonly id: string;
  readonly field: 'price' | 'color';
  readonly value: number | string;
}

const makes = ['volkswagen', 'peugeot', 'fiat', 'volvo', 'toyota', 'skoda', 'renault', 'opel'];
const colors = ['red', 'blue', 'black', 'silver', 'white', 'green'];

export const collection = 'cars';

export const idOf = (index: number): string => `car-${String(index).padStart(6, '0')}`;

export const fieldsOf = (index: number): Fields => ({
  name: `Car number ${index}`,
  make: makes[index % makes.length] ?? '',
  color: colors[index % colors.length] ?? '',
  year: 1990 + (index % 35),
  price: 5000 + (index % 20_000),
  sold: index % 3 === 0,
});

/** A prime: what has no more steps is visited whole, each once, before it is visited again. */
const stride = 15_485_863;

const scattered = (index: number, documents: number): string => idOf((index * stride) % documents);

/** Each document once, then once more. The first time its price is written, the second its color. */
export function updateOf(index: number, documents: number): Update {
  const id = scattered(index, documents);
  const again = Math.floor(index / documents);
  return again % 2 === 0
    ? { id, field: 'price', value: 7000 + (index % 30_000) }
    : { id, field: 'color', value: colors[(index + again) % colors.length] ?? '' };
}

export const incrementedIdOf = scattered;
