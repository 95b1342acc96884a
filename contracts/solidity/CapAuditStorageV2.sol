// SPDX-License-Identifier: MIT
pragma solidity ^0.8.19;

import {InclusionProof} from "./InclusionProof.sol";

/// @title Audit records and incidents of CapIDs, written once, and the anchors of verifiable logs.
/// @notice The functions, events and mappings of the first version answer as they did. New: only writers may store, a record
///         is written once, a record carries its dCap, and `anchorBatch` puts a range of a log on chain in one transaction, which
///         only the writer can do that the log belongs to.
contract CapAuditStorageV2 {
    struct AuditRecord {
        string capId;
        uint256 timestamp;
        bytes32 auditHash;
        string ipfsHash;
    }

    struct IncidentRecord {
        string incidentId;
        string capId;
        string responsibleAgent;
        bytes32 incidentHash;
        string ipfsHash;
        uint256 timestamp;
        string severity;
    }

    /// @param incidentKey keccak256 of "capId/incidentId".
    /// @param capKey keccak256 of the CapID.
    /// @param auditHash sha256 of the incident's canonical record; also the digest of its CID.
    /// @param index The incident's index in the log.
    /// @param severity 0 normal, 1 high, 2 escalated, 3 critical.
    /// @param deltaCap dCap scaled by 10^18.
    struct Anchor {
        bytes32 incidentKey;
        bytes32 capKey;
        bytes32 auditHash;
        uint64 index;
        uint8 severity;
        int256 deltaCap;
    }

    /// @dev An incident in full, for those that old readers must find by `getIncident`.
    struct FullRecord {
        string incidentId;
        string capId;
        string responsibleAgent;
        string severity;
        bytes32 incidentHash;
        string ipfsHash;
        int256 deltaCap;
    }

    event AuditStored(string capId, bytes32 auditHash, string ipfsHash, uint256 timestamp);
    event IncidentStored(string incidentId, string capId, string agent, string severity, bytes32 hash, uint256 timestamp);
    event IncidentAnchored(
        bytes32 indexed incidentKey,
        bytes32 indexed capKey,
        bytes32 auditHash,
        uint64 index,
        uint8 severity,
        int256 deltaCap
    );
    event LogAnchored(bytes32 indexed logKey, uint64 indexed from, uint64 to, bytes32 root, uint64 size);
    event LogGiven(bytes32 indexed logKey, address indexed writer);
    event WriterChanged(address indexed writer, bool allowed);
    event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    error NotOwner(address caller);
    error NotWriter(address caller);
    /// @dev The log key belongs to another writer.
    error NotLogWriter(bytes32 logKey, address caller);
    error AlreadyStored(string id);
    error EmptyId();
    /// @param expected Where the next batch of this log must start.
    error Gap(uint64 expected, uint64 given);
    /// @dev The log was anchored at this size with another root: it is not append-only.
    error OtherRoot(bytes32 logKey, uint64 size);

    /// @dev What is known of a log, in one slot.
    struct Log {
        address writer;
        uint64 anchored;
    }

    address public owner;
    /// @notice Who was offered the ownership and has not accepted it; the zero address for nobody.
    address public pendingOwner;
    mapping(address => bool) public writers;
    mapping(string => AuditRecord) public audits;
    mapping(string => IncidentRecord) public incidents;
    /// @notice dCap of a stored incident, scaled by 10^18.
    mapping(string => int256) public deltaCaps;
    /// @notice The root of a log's tree at a size that was anchored, by the log's key and the size; zero for others.
    mapping(bytes32 => mapping(uint64 => bytes32)) public roots;
    /// @dev By keccak256 of the log's origin.
    mapping(bytes32 => Log) private logs;

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    modifier onlyWriter() {
        if (!writers[msg.sender]) revert NotWriter(msg.sender);
        _;
    }

    constructor() {
        owner = msg.sender;
        writers[msg.sender] = true;
        emit OwnershipTransferred(address(0), msg.sender);
        emit WriterChanged(msg.sender, true);
    }

    /// @notice Offers the ownership; it changes when the other accepts, so that a mistyped address loses nothing.
    function transferOwnership(address next) external onlyOwner {
        pendingOwner = next;
        emit OwnershipTransferStarted(msg.sender, next);
    }

    function acceptOwnership() external {
        if (msg.sender != pendingOwner) revert NotOwner(msg.sender);
        emit OwnershipTransferred(owner, msg.sender);
        owner = msg.sender;
        delete pendingOwner;
    }

    function setWriter(address writer, bool allowed) external onlyOwner {
        writers[writer] = allowed;
        emit WriterChanged(writer, allowed);
    }

    /// @notice Only this writer anchors the log from now on.
    /// @dev By the log's present writer, as long as it may write, or the owner; to a writer, or nobody could go on.
    function giveLog(bytes32 logKey, address writer) external {
        bool isPresent = msg.sender == logs[logKey].writer && writers[msg.sender];
        if (!isPresent && msg.sender != owner) revert NotLogWriter(logKey, msg.sender);
        if (!writers[writer]) revert NotWriter(writer);
        logs[logKey].writer = writer;
        emit LogGiven(logKey, writer);
    }

    function storeAudit(string calldata capId, bytes32 auditHash, string calldata ipfsHash) external onlyWriter {
        if (bytes(capId).length == 0) revert EmptyId();
        if (audits[capId].timestamp != 0) revert AlreadyStored(capId);
        audits[capId] = AuditRecord(capId, block.timestamp, auditHash, ipfsHash);
        emit AuditStored(capId, auditHash, ipfsHash, block.timestamp);
    }

    function storeIncident(
        string calldata incidentId,
        string calldata capId,
        string calldata responsibleAgent,
        string calldata severity,
        bytes32 incidentHash,
        string calldata ipfsHash
    ) external onlyWriter {
        FullRecord memory record = FullRecord(incidentId, capId, responsibleAgent, severity, incidentHash, ipfsHash, 0);
        if (!_store(record)) revert AlreadyStored(incidentId);
    }

    /// @notice One event per incident, full records for some, and the log's root, in one transaction.
    /// @dev A log key belongs to the writer that first uses it. A batch counts once: it must start where the last one of
    ///      this log ended. A full record whose id is taken is passed over, since ids are unique per CapID and the old mapping
    ///      knows only the id.
    function anchorBatch(
        bytes32 logKey,
        uint64 from,
        uint64 to,
        bytes32 root,
        uint64 size,
        Anchor[] calldata anchors,
        FullRecord[] calldata records
    ) external onlyWriter {
        Log memory log = logs[logKey];
        if (log.writer == address(0)) emit LogGiven(logKey, msg.sender);
        else if (log.writer != msg.sender) revert NotLogWriter(logKey, msg.sender);
        if (from != log.anchored || to <= from || size < to) revert Gap(log.anchored, from);
        logs[logKey] = Log(msg.sender, to);
        bytes32 known = roots[logKey][size];
        if (known == 0) roots[logKey][size] = root;
        else if (known != root) revert OtherRoot(logKey, size);
        for (uint256 i = 0; i < anchors.length; i++) {
            Anchor calldata a = anchors[i];
            emit IncidentAnchored(a.incidentKey, a.capKey, a.auditHash, a.index, a.severity, a.deltaCap);
        }
        for (uint256 i = 0; i < records.length; i++) {
            _store(records[i]);
        }
        emit LogAnchored(logKey, from, to, root, size);
    }

    /// @notice Whether a leaf is in a log as it was anchored.
    /// @param leaf The leaf's hash: sha256 of a zero byte and the entry.
    /// @param index The entry's index in the log.
    /// @param size The size of the tree that the proof is of: the anchored one.
    /// @param proof As RFC 9162 has it, the lowest neighbour first.
    function verifyInclusion(
        bytes32 leaf,
        uint64 index,
        uint64 size,
        bytes32[] calldata proof,
        bytes32 logKey,
        uint64 anchoredSize
    ) external view returns (bool) {
        bytes32 root = roots[logKey][anchoredSize];
        return root != 0 && size == anchoredSize && InclusionProof.verify(leaf, index, size, proof, root);
    }

    /// @notice Entries of a log that are on chain, by keccak256 of the log's origin.
    function anchored(bytes32 logKey) external view returns (uint64) {
        return logs[logKey].anchored;
    }

    /// @notice The writer that a log key belongs to: who first used it, or was given it; the zero address while nobody has it.
    function logWriters(bytes32 logKey) external view returns (address) {
        return logs[logKey].writer;
    }

    function getAudit(string calldata capId) external view returns (AuditRecord memory) {
        return audits[capId];
    }

    function getIncident(string calldata incidentId) external view returns (IncidentRecord memory) {
        return incidents[incidentId];
    }

    function _store(FullRecord memory record) private returns (bool) {
        if (bytes(record.incidentId).length == 0) revert EmptyId();
        if (incidents[record.incidentId].timestamp != 0) return false;
        incidents[record.incidentId] = IncidentRecord(
            record.incidentId,
            record.capId,
            record.responsibleAgent,
            record.incidentHash,
            record.ipfsHash,
            block.timestamp,
            record.severity
        );
        deltaCaps[record.incidentId] = record.deltaCap;
        emit IncidentStored(
            record.incidentId,
            record.capId,
            record.responsibleAgent,
            record.severity,
            record.incidentHash,
            block.timestamp
        );
        return true;
    }
}
