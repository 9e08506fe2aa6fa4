/**
 * GraphiQL's page, as one HTML text that loads nothing from elsewhere: the bundle of @graphql-yoga/render-graphiql with
 * Tideline's name, icon and fetcher. Why not yoga's fetcher: its WebSocket client gives up when the server is away for
 * a moment, and shows a browser event as the error.
 */
import { readFile } from 'node:fs/promises';
import { limits } from '../../limits.ts';

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40" width="40" height="40"><rect width="40" height="40" rx="9" fill="#0b6e8a"/><g fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"><path d="M7 15c4.3-4 8.7-4 13 0s8.7 4 13 0"/><path d="M7 22c4.3-4 8.7-4 13 0s8.7 4 13 0" opacity=".75"/><path d="M7 29c4.3-4 8.7-4 13 0s8.7 4 13 0" opacity=".45"/></g></svg>`;

/**
 * Without this the tab strip's motion library displaces the tabs on a fresh profile, and a click lands beside its tab.
 */
const style = '.graphiql-tab { transform: none !important; } .graphiql-logo > div { gap: 8px; }';

/**
 * The script that starts GraphiQL in the browser. The bundles before it define `graphqlWs` and `YogaGraphiQL`;
 * `settings` is JSON. Subscriptions use a WebSocket, whose client waits while the server is away; everything else is
 * sent by POST.
 */
const start = `
const endpoint = new URL(location.pathname, location.href);
const client = graphqlWs.createClient({
  url: endpoint.href.replace(/^http/, 'ws'),
  retryAttempts: Infinity,
  shouldRetry: () => true,
  retryWait: (retries) =>
    new Promise((resolve) => setTimeout(resolve, Math.min(settings.retryMilliseconds * 2 ** retries, settings.longestRetryMilliseconds))),
});

function isSubscription(documentAST, operationName) {
  const operations = (documentAST?.definitions ?? []).filter(({ kind }) => kind === 'OperationDefinition');
  const chosen = operations.find(({ name }) => name?.value === operationName) ?? operations[0];
  return chosen?.operation === 'subscription';
}

async function post(request, headers) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(request),
  }).catch((error) => error);
  if (response instanceof Error) return { errors: [{ message: 'The server cannot be reached: ' + response.message }] };
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: 'The server answered with status ' + response.status + ': ' + text }] };
  }
}

const fetcher = ({ query, operationName, variables }, options) => {
  const request = { query, operationName: operationName ?? undefined, variables };
  return isSubscription(options?.documentAST, operationName) ? client.iterate(request) : post(request, options?.headers);
};

YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
  title: 'Tideline',
  logo: settings.icon,
  fetcher,
  defaultTabs: settings.queries.map((query) => ({ query: query.replaceAll('{origin}', location.origin) })),
  // A visitor who returns finds the tabs as they were left; without this, with an empty one more each time.
  query: settings.queries[0],
});
`;

/** Escapes code for a script element, which the HTML parser ends at the first "</script". */
const inScript = (code: string): string => code.replaceAll(/<\/(?=script)/gi, '<\\/');

export interface GraphiQLPage {
  readonly html: string;
  /** The exact text of the page's only script, for the Content-Security-Policy. */
  readonly script: string;
}

/** @param queries the tabs for a new visitor; `{origin}` in them is replaced by the page's own origin */
export async function graphiqlPage(queries: readonly string[]): Promise<GraphiQLPage> {
  const { css, js, editorWorkerService, graphqlWorker, jsonWorker } = await import(
    '@graphql-yoga/render-graphiql/graphiql'
  );
  const webSocketClient = await readFile(
    new URL('../umd/graphql-ws.min.js', import.meta.resolve('graphql-ws')),
    'utf8',
  );
  const settings = {
    icon,
    queries,
    retryMilliseconds: limits.pageRetryMilliseconds,
    longestRetryMilliseconds: limits.pageLongestRetryMilliseconds,
  };
  const workers = { editorWorkerService, json: jsonWorker, graphql: graphqlWorker };
  const script = inScript(`
const workers = Object.fromEntries(Object.entries(${JSON.stringify(workers)}).map(([name, code]) => [
  name,
  URL.createObjectURL(new Blob([code], { type: 'application/javascript' })),
]));
self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_module, label) => workers[label] };
${webSocketClient};
${js};
{
const settings = ${JSON.stringify(settings)};
${start}
}`);
  const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Tideline</title>
    <link rel="icon" href="data:image/svg+xml,${encodeURIComponent(icon)}" />
    <style>${css}${style}</style>
  </head>
  <body class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript.</noscript>
    <div id="root"></div>
    <script>${script}</script>
  </body>
</html>
`;
  return { html, script };
}
