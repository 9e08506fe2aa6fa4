/** What GraphiQL shows who opens it for the first time, a tab each: a tour of the sample data. */
export const examples: readonly string[] = [
  `# Ctrl-Enter runs this.
# \`npm run sample\` brings 250 countries.
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
  `# Run this, leave it running, and write:
# by the next tab's mutation in another window,
# or on another replica. It arrives here.
subscription Watch {
  documents(
    collection: "countries"
    where: { path: "region", eq: "Europe" }
    orderBy: [{ path: "visits", direction: DESC }]
    first: 5
  ) {
    initial
    nodes {
      _id
      name: at(path: "name.common")
      visits: at(path: "visits")
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
    token
  }
}
`,
  `# One operation is one transaction:
# all of its fields, or none.
mutation Visit {
  visited: update(
    collection: "countries"
    id: "ISL"
    operations: [{ increment: { path: "visits", by: 1 } }]
  ) {
    document {
      value
    }
  }
  noted: upsert(
    collection: "notes"
    document: { _id: "first", text: "Been to Iceland" }
  ) {
    document {
      updatedAt
    }
  }
}
`,
  `# What this replica knows of itself and others.
query ThisReplica {
  replica {
    id
    storage
    connected
    documentCount
    version {
      log
      position
    }
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
