/** Measures how deep a query is nested, before any recursive code walks it. */
import { type DocumentNode, Kind, Lexer, type SelectionSetNode, Source, TokenKind } from 'graphql';

/** The maximum depth of nested brackets of any kind. @throws {GraphQLError} if the text cannot be split into tokens */
export function nestingOf(query: string): number {
  const lexer = new Lexer(new Source(query));
  let open = 0;
  let most = 0;
  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
    switch (token.kind) {
      case TokenKind.BRACE_L:
      case TokenKind.BRACKET_L:
      case TokenKind.PAREN_L:
        open += 1;
        most = Math.max(most, open);
        break;
      case TokenKind.BRACE_R:
      case TokenKind.BRACKET_R:
      case TokenKind.PAREN_R:
        open -= 1;
        break;
    }
  }
  return most;
}

/** The longest path from an operation's root to a field, with fragments expanded. */
export function depthOf(document: DocumentNode): number {
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition.selectionSet);
  }
  // A fragment counts 0 while it is being measured: validation reports fragments that spread themselves.
  const depthByFragment = new Map<string, number>();
  const ofFragment = (name: string): number => {
    const known = depthByFragment.get(name);
    if (known !== undefined) return known;
    depthByFragment.set(name, 0);
    const selectionSet = fragments.get(name);
    const depth = selectionSet === undefined ? 0 : ofSelections(selectionSet);
    depthByFragment.set(name, depth);
    return depth;
  };
  const ofSelections = ({ selections }: SelectionSetNode): number => {
    let most = 0;
    for (const selection of selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) most = Math.max(most, ofFragment(selection.name.value));
      else {
        const below = selection.selectionSet === undefined ? 0 : ofSelections(selection.selectionSet);
        most = Math.max(most, selection.kind === Kind.FIELD ? 1 + below : below);
      }
    }
    return most;
  };
  let most = 0;
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) most = Math.max(most, ofSelections(definition.selectionSet));
  }
  return most;
}
