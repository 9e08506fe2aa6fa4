/** The data of the example. `npm run example` starts a Tideline server with this file. */
import { attachment, boolean, collection, defineCollections, float, string } from 'tideline';

export default defineCollections({
  todos: collection(
    'Todo',
    {
      text: string('What is to be done.'),
      done: boolean(),
      createdAt: float({ description: 'Milliseconds since 1970, by the clock of the browser.', index: true }),
      picture: attachment(),
    },
    'A thing to do.',
  ),
});
