/** What the benched replica serves: documents of six fields, one of them with an index, and one like it without. */
import { boolean, collection, defineCollections, int, string } from 'tideline';

export default defineCollections({
  items: collection('Item', {
    rank: int({ index: true }),
    plainRank: int(),
    name: string(),
    city: string(),
    active: boolean(),
    note: string(),
  }),
});
