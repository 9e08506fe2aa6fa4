/** The list and what can be done with it: a live query that fills the cache, and optimistic writes. */
import { type ApolloCache, gql, type TypedDocumentNode } from '@apollo/client';
import { useMutation, useQuery, useSubscription } from '@apollo/client/react';
import { server } from './client.ts';

export interface Todo {
  readonly __typename: 'Todo';
  /** The global id, for the cache. The server takes it wherever it takes an id. */
  readonly id: string;
  readonly _id: string;
  readonly text: string | null;
  readonly done: boolean | null;
  readonly createdAt: number | null;
  readonly picture: { readonly __typename: 'Attachment'; readonly id: string; readonly url: string } | null;
}

interface TodoList {
  readonly todos: { readonly __typename: 'TodoConnection'; readonly nodes: readonly Todo[] };
}

const todoFields = gql`
  fragment TodoFields on Todo {
    id
    _id
    text
    done
    createdAt
    picture {
      id
      url
    }
  }
`;

const listQuery: TypedDocumentNode<TodoList> = gql`
  query Todos {
    todos(orderBy: [{ createdAt: ASC }]) {
      nodes {
        ...TodoFields
      }
    }
  }
  ${todoFields}
`;

const liveQuery: TypedDocumentNode<{ readonly todos: { readonly nodes: readonly Todo[] } }> = gql`
  subscription LiveTodos {
    todos(orderBy: [{ createdAt: ASC }]) {
      nodes {
        ...TodoFields
      }
    }
  }
  ${todoFields}
`;

const addMutation: TypedDocumentNode<
  { readonly upsertTodo: { readonly __typename: 'TodoPayload'; readonly todo: Todo } },
  { readonly todo: { readonly _id: string; readonly text: string; readonly done: boolean; readonly createdAt: number } }
> = gql`
  mutation AddTodo($todo: TodoInput!) {
    upsertTodo(todo: $todo) {
      todo {
        ...TodoFields
      }
    }
  }
  ${todoFields}
`;

const changeMutation: TypedDocumentNode<
  { readonly updateTodo: { readonly __typename: 'TodoPayload'; readonly todo: Todo } },
  { readonly id: string; readonly set: { readonly done?: boolean; readonly picture?: string } }
> = gql`
  mutation ChangeTodo($id: ID!, $set: TodoInput!) {
    updateTodo(id: $id, set: $set) {
      todo {
        ...TodoFields
      }
    }
  }
  ${todoFields}
`;

const removeMutation: TypedDocumentNode<
  { readonly removeTodo: { readonly __typename: 'IdsPayload'; readonly deletedIds: readonly string[] } },
  { readonly id: string }
> = gql`
  mutation RemoveTodo($id: ID!) {
    removeTodo(id: $id) {
      deletedIds
    }
  }
`;

/** The list: from the cache, which the live query keeps, so that optimistic writes show at once. */
export function useTodos(): { readonly todos: readonly Todo[] | undefined; readonly problem: string | undefined } {
  const { data, error } = useQuery(listQuery);
  useSubscription(liveQuery, {
    fetchPolicy: 'no-cache',
    onData({ client, data: { data: event } }) {
      if (event === undefined) return;
      const todos = { __typename: 'TodoConnection', nodes: event.todos.nodes } as const;
      client.cache.writeQuery({ query: listQuery, data: { todos } });
    },
  });
  return { todos: data?.todos.nodes, problem: data === undefined ? error?.message : undefined };
}

function append(cache: ApolloCache, todo: Todo): void {
  cache.updateQuery({ query: listQuery }, (list) => {
    if (list === null || list.todos.nodes.some(({ id }) => id === todo.id)) return list;
    return { todos: { ...list.todos, nodes: [...list.todos.nodes, todo] } };
  });
}

export function useAdd(): (text: string) => void {
  const [add] = useMutation(addMutation);
  return (text) => {
    // The browser makes the id: a write that is sent twice adds one document.
    const todo = { _id: crypto.randomUUID(), text, done: false, createdAt: Date.now() };
    const shown: Todo = { ...todo, __typename: 'Todo', id: todo._id, picture: null };
    void add({
      variables: { todo },
      optimisticResponse: { upsertTodo: { __typename: 'TodoPayload', todo: shown } },
      update: (cache, { data }) => data && append(cache, data.upsertTodo.todo),
    });
  };
}

export function useToggle(): (todo: Todo) => void {
  const [change] = useMutation(changeMutation);
  return (todo) => {
    const done = !todo.done;
    void change({
      variables: { id: todo.id, set: { done } },
      optimisticResponse: { updateTodo: { __typename: 'TodoPayload', todo: { ...todo, done } } },
    });
  };
}

export function useRemove(): (todo: Todo) => void {
  const [remove] = useMutation(removeMutation);
  return ({ id }) => {
    void remove({
      variables: { id },
      optimisticResponse: { removeTodo: { __typename: 'IdsPayload', deletedIds: [id] } },
      update(cache, { data }) {
        for (const deleted of data?.removeTodo.deletedIds ?? []) {
          cache.evict({ id: cache.identify({ __typename: 'Todo', id: deleted }) });
        }
        cache.gc();
      },
    });
  };
}

/** Uploads a picture, and lets the document hold its id. */
export function useAttach(): (todo: Todo, file: File) => Promise<void> {
  const [change] = useMutation(changeMutation);
  return async ({ id }, file) => {
    const form = new FormData();
    form.set('file', file);
    const response = await fetch(new URL('/attachments', server), { method: 'POST', body: form });
    const uploaded = await response.json();
    if (!response.ok) throw new Error(uploaded.errors[0].message);
    await change({ variables: { id, set: { picture: uploaded.id } } });
  };
}
