/** The Pothos builder, with the TypeScript type behind each name of the generic API. */
import SchemaBuilder from '@pothos/core';
import type { FieldVariant } from '../../replica/crdt/document.ts';
import type { WriteStrategy } from '../../replica/crdt/writes.ts';
import type { RemovalReason } from '../../replica/query/live/result-change.ts';
import type { StoredDocument } from '../../replica/query/stored-document.ts';
import type { LoggedChange, LoggedTransaction } from '../../replica/replica.ts';
import type { PeerStatus, ReplicaStatus, VersionEntry } from '../../replica/status.ts';
import type { Json } from '../../replica/values/json.ts';
import type { ChangesShape, RemovedDocumentShape } from '../../resolvers/changes.ts';
import type { Context } from '../../resolvers/context.ts';
import type { ConflictShape, VariantShape } from '../../resolvers/document.ts';
import type { CollectionShape, Connection, Edge } from '../../resolvers/documents.ts';
import type { FilterInput, OrderInput } from '../../resolvers/filters.ts';
import type { LiveInsertionShape, LiveMoveShape, LiveRemovalShape, LiveResult } from '../../resolvers/live.ts';
import type { Node } from '../../resolvers/nodes.ts';
import type { UpdateOperationInput } from '../../resolvers/operations.ts';
import type { DocumentPayload, DocumentsPayload, IdsPayload } from '../../resolvers/writes.ts';
import type { AttachmentRecord, AttachmentState, FetchEvent, UploadedFile } from '../../uploads/attachments.ts';

/** A type whose input and output values are the same: an enum, or a scalar written as text. */
interface Same<Value> {
  Input: Value;
  Output: Value;
}

export interface ApiTypes {
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: Same<string>;
    JSON: { Input: NonNullable<unknown>; Output: Json };
    /** Milliseconds since 1970. */
    DateTime: Same<number>;
    File: { Input: UploadedFile; Output: never };
    CausalToken: Same<string>;
    Direction: Same<'ASC' | 'DESC'>;
    WriteStrategy: Same<WriteStrategy>;
    StoreAs: Same<'REGISTER' | 'MAP'>;
    FieldType: Same<FieldVariant['type']>;
    AttachmentState: Same<AttachmentState>;
    AttachmentFetchStatus: Same<FetchEvent['status']>;
    StorageKind: Same<ReplicaStatus['storage']>;
    RemovalReason: Same<RemovalReason>;
    ChangeKind: Same<LoggedChange['kind']>;
  };
  Interfaces: { Node: Node };
  Objects: {
    Document: StoredDocument;
    DocumentEdge: Edge;
    DocumentConnection: Connection;
    PageInfo: Connection;
    Collection: CollectionShape;
    FieldConflict: ConflictShape;
    FieldVariant: VariantShape;
    DocumentPayload: DocumentPayload;
    DocumentsPayload: DocumentsPayload;
    IdsPayload: IdsPayload;
    Attachment: AttachmentRecord;
    AttachmentFetchEvent: FetchEvent;
    VersionEntry: VersionEntry;
    Peer: PeerStatus;
    Replica: ReplicaStatus;
    LiveInsertion: LiveInsertionShape;
    LiveUpdate: LiveInsertionShape;
    LiveRemoval: LiveRemovalShape;
    LiveMove: LiveMoveShape;
    LiveDocuments: LiveResult;
    Changes: ChangesShape;
    RemovedDocument: RemovedDocumentShape;
    LiveDocument: LiveResult;
    Change: LoggedChange;
    TransactionEvent: LoggedTransaction;
  };
  Inputs: {
    Filter: FilterInput;
    Order: OrderInput;
    UpdateOperation: UpdateOperationInput;
  };
}

export const createBuilder = () => new SchemaBuilder<ApiTypes>({ defaultFieldNullability: false });

export type Builder = ReturnType<typeof createBuilder>;
