// SPDX-License-Identifier: MIT
pragma solidity ^0.8.19;

/// @title What the calls of the first version cost: rebuilt from its ABI, to be measured beside CapAuditStorageV2. Nothing else uses it.
contract FirstVersion {
    struct IncidentRecord {
        string incidentId;
        string capId;
        string responsibleAgent;
        bytes32 incidentHash;
        string ipfsHash;
        uint256 timestamp;
        string severity;
    }

    event IncidentStored(string incidentId, string capId, string agent, string severity, bytes32 hash, uint256 timestamp);

    mapping(string => IncidentRecord) public incidents;

    function storeIncident(
        string calldata incidentId,
        string calldata capId,
        string calldata responsibleAgent,
        string calldata severity,
        bytes32 incidentHash,
        string calldata ipfsHash
    ) external {
        IncidentRecord storage record = incidents[incidentId];
        record.incidentId = incidentId;
        record.capId = capId;
        record.responsibleAgent = responsibleAgent;
        record.incidentHash = incidentHash;
        record.ipfsHash = ipfsHash;
        record.timestamp = block.timestamp;
        record.severity = severity;
        emit IncidentStored(incidentId, capId, responsibleAgent, severity, incidentHash, block.timestamp);
    }
}
