import { type ChangeEvent, type FormEvent, useState } from 'react';
import { server } from './client.ts';
import { type Todo, useAdd, useAttach, useRemove, useTodos, useToggle } from './todos.ts';

export function App() {
  const { todos, problem } = useTodos();
  if (problem !== undefined) return <p role="alert">{problem}</p>;
  return (
    <>
      <h1>To do</h1>
      <ul>
        {todos?.map((todo) => (
          <Item key={todo._id} todo={todo} />
        ))}
      </ul>
      <NewTodo />
      <p className="hint">Open this page in a second window: what you do in the one shows in the other.</p>
    </>
  );
}

function Item({ todo }: { readonly todo: Todo }) {
  const [toggle, remove, attach] = [useToggle(), useRemove(), useAttach()];
  const [problem, setProblem] = useState('');
  const text = todo.text ?? '';
  const choose = ({ target }: ChangeEvent<HTMLInputElement>) => {
    const file = target.files?.[0];
    if (file) attach(todo, file).catch((error: Error) => setProblem(error.message));
  };
  return (
    <li className={todo.done ? 'done' : ''}>
      <label>
        <input type="checkbox" checked={todo.done ?? false} onChange={() => toggle(todo)} />
        <span>{text}</span>
      </label>
      {todo.picture && <img src={new URL(todo.picture.url, server).href} alt={text} />}
      {problem !== '' && <span role="alert">{problem}</span>}
      <label className="button" title="Add a picture">
        Picture
        <input type="file" accept="image/*" aria-label={`Picture for ${text}`} onChange={choose} />
      </label>
      <button type="button" aria-label={`Remove ${text}`} onClick={() => remove(todo)}>
        ✕
      </button>
    </li>
  );
}

function NewTodo() {
  const add = useAdd();
  const [text, setText] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === '') return;
    add(text.trim());
    setText('');
  };
  return (
    <form onSubmit={submit}>
      <input
        value={text}
        onChange={({ target }) => setText(target.value)}
        placeholder="What is to be done?"
        aria-label="New thing to do"
      />
      <button type="submit">Add</button>
    </form>
  );
}
