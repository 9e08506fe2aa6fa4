/** Adds the scalars of the API to the schema, with their parsing and serialisation. */
import { GraphQLError, Kind, type ValueNode } from 'graphql';
import { withoutStack } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { keepsDigits, lostDigits } from '../../replica/values/json-text.ts';
import { UploadedFile } from '../../uploads/attachments.ts';
import type { Builder } from '../builder/builder.ts';

const refuse = (problem: string, nodes?: ValueNode): GraphQLError =>
  withoutStack(() => new GraphQLError(problem, { extensions: { code: 'BAD_USER_INPUT' }, ...(nodes && { nodes }) }));

type Variables = Readonly<Record<string, unknown>> | null | undefined;

/** The value of a literal, as JSON.parse would return it. Undefined for an absent variable. @throws {GraphQLError} */
export function jsonFromLiteral(node: ValueNode, variables: Variables, depth = 0): unknown {
  // One level past the limit passes here, so that the resolver can refuse it under the name of its argument.
  if (depth > limits.documentDepth + 1) throw refuse(`JSON may be nested ${limits.documentDepth} levels deep`, node);
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.INT:
      return integerOf(node.value, node);
    case Kind.FLOAT:
      return finite(Number(node.value), node);
    case Kind.LIST:
      return node.values.map((item) => jsonFromLiteral(item, variables, depth + 1) ?? null);
    case Kind.OBJECT: {
      const object: Record<string, unknown> = Object.create(null);
      for (const { name, value } of node.fields) {
        const member = jsonFromLiteral(value, variables, depth + 1);
        if (member !== undefined) object[name.value] = member;
      }
      return object;
    }
    case Kind.VARIABLE:
      return variables?.[node.name.value];
    case Kind.ENUM:
      throw refuse(`${node.value} is not a JSON value: write it in quotes`, node);
  }
}

function integerOf(digits: string, node: ValueNode): number {
  if (!keepsDigits(digits)) throw refuse(`${lostDigits(digits)}, in a variable`, node);
  return finite(Number(digits), node);
}

function finite(number: number, node: ValueNode): number {
  if (!Number.isFinite(number)) throw refuse('a number must be within the range of a double', node);
  return number;
}

/** GraphQL handles a null before it calls a scalar. */
function notNull(value: unknown): NonNullable<unknown> {
  if (value === null || value === undefined) throw refuse('a value is missing');
  return value;
}

export function addScalars(builder: Builder): void {
  builder.scalarType('JSON', {
    description:
      'Any JSON value. An integer outside +-(2^53-1) is written {"$int64": "…"} or {"$uint64": "…"}, an attachment {"$attachment": "its id"}, in and out; other objects whose only key begins with $ are refused.',
    // Resolvers check the values of variables, as they know the names of the arguments.
    parseValue: notNull,
    parseLiteral: (node, variables) => notNull(jsonFromLiteral(node, variables)),
    serialize: (value) => value,
  });

  builder.scalarType('DateTime', {
    description: 'An instant, RFC 3339, UTC, milliseconds.',
    serialize: (milliseconds) => new Date(milliseconds).toISOString(),
  });

  builder.scalarType('File', {
    description: 'A file of a GraphQL multipart request (multipart/form-data with operations and map).',
    parseValue: (value) => {
      if (value instanceof UploadedFile) return value;
      throw refuse('a file must be sent as a part of a multipart/form-data request, with operations and map');
    },
    parseLiteral: (node) => {
      throw refuse('a file must be sent as a part of a multipart/form-data request, and passed by a variable', node);
    },
    serialize: () => {
      throw refuse('a file can only be sent, not returned');
    },
  });

  builder.scalarType('CausalToken', {
    description:
      "Opaque: what an answer shows (log, position, mark, and what is journaled). Whoever reads after a token sees all that the token's holder saw.",
    parseValue: (value) => {
      if (typeof value === 'string') return value;
      throw refuse('a causality token must be a string from a response');
    },
    parseLiteral: (node) => {
      if (node.kind === Kind.STRING) return node.value;
      throw refuse('a causality token must be a string from a response', node);
    },
    serialize: (token) => token,
  });
}
