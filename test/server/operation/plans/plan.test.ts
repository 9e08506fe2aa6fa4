import fc from 'fast-check';
import {
  buildSchema,
  type ExecutionResult,
  execute,
  Kind,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Variables } from '../../../../server/operation/plans/input.ts';
import { NotPlannedError, Plan } from '../../../../server/operation/plans/plan.ts';
import { anyOperation, anySchema, anyValue, anyVariables, chooseBy, chooseFrom } from '../../plans/any-schema.ts';

/** What need not be used in a random operation. */
const spared: readonly unknown[] = [NoUnusedFragmentsRule, NoUnusedVariablesRule];
const rules = specifiedRules.filter((rule) => !spared.includes(rule));

function planOf(query: string, { schema = anySchema, room = Number.POSITIVE_INFINITY } = {}): Plan {
  const document = parse(query);
  expect(validate(schema, document, rules)).toEqual([]);
  const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`no operation in ${query}`);
  return new Plan(schema, document, operation, room);
}

interface Given {
  readonly variables: Variables;
  readonly rootValue: unknown;
}

function byGraphql(query: string, { variables, rootValue }: Given): ExecutionResult | Promise<ExecutionResult> {
  // Its type allows any thenable, and it gives promises.
  return execute({ schema: anySchema, document: parse(query), variableValues: variables, rootValue });
}

/** As text; undefined where it gave up. */
function byPlan(plan: Plan, { variables, rootValue }: Given): string | undefined {
  try {
    return JSON.stringify(plan.execute(variables, undefined, rootValue));
  } catch {
    return undefined;
  }
}

describe('a plan', () => {
  it('gives the same text as graphql-js, time after time, and gives up where that has errors or waits', async () => {
    const waiting: Promise<unknown>[] = [];
    let succeeded = 0;
    let operations = 0;
    fc.assert(
      fc.property(fc.array(fc.nat(9_999), { size: 'max', maxLength: 400 }), fc.nat(), (numbers, seed) => {
        const query = anyOperation(chooseBy(numbers));
        const choose = chooseFrom(seed);
        const plan = planOf(query);
        operations += 1;
        for (let time = 0; time < 3; time++) {
          const given = { variables: anyVariables(choose), rootValue: anyValue(choose) };
          const planned = byPlan(plan, given);
          const executed = byGraphql(query, given);
          if (executed instanceof Promise) waiting.push(executed);
          if (executed instanceof Promise || executed.errors !== undefined) expect(planned).toBeUndefined();
          else {
            expect(planned).toBe(JSON.stringify(executed.data));
            succeeded += 1;
          }
        }
      }),
      { numRuns: 300 },
    );
    await Promise.all(waiting);
    // Not for nothing.
    expect(succeeded).toBeGreaterThan(operations);
  });

  it('reads arguments by their definitions, however they are given', () => {
    const query = `query ($a: Int, $inner: Inner = { color: RED }) {
      none: echo
      given: echo(int: $a, must: $a, list: 1, inner: $inner, one: { c: { n: $a, list: [] } })
    }`;
    const plan = planOf(query);
    const read = (variables: Variables): unknown => {
      const planned = byPlan(plan, { variables, rootValue: {} });
      return planned && JSON.parse(planned, (_key, value) => (typeof value === 'string' ? JSON.parse(value) : value));
    };
    const defaults = { must: 3, float: 0.5, color: 0 };
    const one = { c: { n: 5, must: 6, list: [] } };
    expect(read({})).toEqual({
      none: defaults,
      given: { ...defaults, list: [1], inner: { n: 5, must: 6, color: 0 }, one },
    });
    expect(read({ a: 1, inner: null })).toEqual({
      none: defaults,
      given: { ...defaults, int: 1, must: 1, list: [1], inner: null, one: { c: { n: 1, must: 6, list: [] } } },
    });
    expect(read({ a: null })).toBeUndefined();
    expect(read({ a: 'x' })).toBeUndefined();
  });

  it('does not let a resolver change for the next one what is the same each time', () => {
    const schema = buildSchema('input In { a: [Int] } type Query { push(in: In, list: [Int] = [1]): Boolean }');
    const plan = planOf('query ($list: [Int] = [1]) { push(in: { a: [1] }, list: $list) }', { schema });
    const push = (into: 'in' | 'list') => (args: { readonly in: { readonly a: number[] }; readonly list: number[] }) =>
      (into === 'in' ? args.in.a : args.list).push(2) > 0;
    expect(() => plan.execute({}, undefined, { push: push('in') })).toThrow(TypeError);
    expect(() => plan.execute({}, undefined, { push: push('list') })).toThrow(TypeError);
    expect(plan.execute({ list: [] }, undefined, { push: push('list') })).toEqual({ push: true });
  });

  it.each([
    ['several operations', 'query A { text } query B { text }'],
    ['a directive', 'query ($if: Boolean = true) { text @include(if: $if) }'],
    ['a question about the schema', '{ text __schema { queryType { name } } }'],
    ['a name that sets a prototype', '{ __proto__: text }'],
    ['a variable called as what every object has', 'query ($constructor: String) { echo(str: $constructor) }'],
  ])('is not made for %s', (_, query) => {
    expect(() => planOf(query)).toThrow(NotPlannedError);
  });

  it('has no more fields than there is room for, by whatever fragments', () => {
    const fragments = Array.from(
      { length: 20 },
      (_, n) => `fragment f${n} on Cat { a: cat { ...f${n + 1} } b: cat { ...f${n + 1} } }`,
    );
    expect(() =>
      planOf(`{ cat { ...f0 } } ${fragments.join(' ')} fragment f20 on Cat { text }`, { room: 1_000 }),
    ).toThrow(NotPlannedError);
    // Of interfaces, what there is a value for is planned, once it is there.
    const plan = planOf('{ thing { thing { text } } }', { room: 2 });
    expect(byPlan(plan, { variables: {}, rootValue: { thing: { __typename: 'Cat' } } })).toBe(
      '{"thing":{"thing":null}}',
    );
    const deeper = { thing: { __typename: 'Cat', thing: { __typename: 'Cat' } } };
    expect(() => plan.execute({}, undefined, { thing: deeper })).toThrow(NotPlannedError);
  });
});
