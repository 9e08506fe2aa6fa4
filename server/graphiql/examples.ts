/**
 * The tabs that GraphiQL shows on a first visit: a tour of the sample data. `{origin}` is replaced by the page's own
 * origin.
 */
export const examples: readonly string[] = [
  `# Welcome to Tideline. Run this with Ctrl-Enter.
# No countries? \`npm run sample\` imports 250.
query Countries {
  countries(
    where: { region: { eq: "Europe" } }
    orderBy: [{ area: DESC }]
    first: 5
  ) {
    totalCount
    nodes {
      _id
      name {
        common
      }
      capital
      area
      borders
      visits
    }
  }
}
`,
  `# One operation is one transaction:
# all of its fields are written, or none.
mutation Visit {
  updateCountry(id: "ISL", increment: { visits: 1 }) {
    country {
      visits
    }
  }
  upsert(
    collection: "notes"
    document: { _id: "first", text: "Been to Iceland" }
  ) {
    document {
      value
    }
  }
}
`,
  `# GraphiQL runs one operation at a time. So open
# this page in a SECOND WINDOW and run this there;
# then run Visit here: each write arrives there.
subscription Watch {
  countries(
    where: { region: { eq: "Europe" } }
    orderBy: [{ visits: DESC }]
    first: 5
  ) {
    initial
    nodes {
      _id
      name {
        common
      }
      visits
    }
    updated {
      index
      node {
        _id
      }
    }
    moved {
      _id
      from
      to
    }
  }
}
`,
  `# GraphiQL cannot send files, but curl can:
# curl {origin}/attachments -F 'file=@flag.png;type=image/png'
# Set flagImage to the id in its answer, and run this.
query Files {
  documents(
    collection: "countries"
    where: { path: "flagImage", exists: true }
  ) {
    nodes {
      _id
      attachment(path: "flagImage") {
        filename
        size
        url
      }
    }
  }
}
`,
  `# What this replica knows of itself and of others.
query ThisReplica {
  replica {
    id
    storage
    connected
    documentCount
    unsent
    peers {
      id
      behindBy
    }
  }
  collections {
    name
    documentCount
  }
}
`,
];
