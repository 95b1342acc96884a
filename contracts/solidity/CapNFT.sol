// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @dev ERC-5192: tokens that stay where they are.
interface IERC5192 {
    event Locked(uint256 tokenId);
    event Unlocked(uint256 tokenId);

    function locked(uint256 tokenId) external view returns (bool);
}

/// @title One locked token for each CapID: which keys may speak for it, in which roles.
/// @notice A mirror of a log, which only its writer keeps: who may speak for a CapID is decided there, and not by who has the token.
contract CapNFT is ERC721, Ownable2Step, IERC5192 {
    /// @param hash keccak256 of the key's address, 20 bytes.
    /// @param roles 1 reporter, 2 responder, 4 admin, added up.
    struct Key {
        bytes32 hash;
        uint8 roles;
    }

    /// @param holder Who has the token. It moves when the writer names another, and in no other way.
    /// @param version Of the CapID's context in the log: a lower or the same one changes nothing.
    /// @param keys Those that are valid.
    struct Cap {
        string capId;
        address holder;
        uint64 version;
        Key[] keys;
    }

    struct Mirrored {
        string capId;
        uint64 version;
        Key[] keys;
    }

    uint8 private constant REPORTER = 1;
    uint8 private constant RESPONDER = 2;
    uint8 private constant ADMIN = 4;
    uint256 private constant MAX_ID = 128;

    event CapMirrored(uint256 indexed tokenId, uint64 indexed version, string capId);
    event WriterChanged(address indexed previous, address indexed next);

    error NotWriter(address caller);
    /// @dev Tokens are not transferred and need no approval.
    error TokenLocked(uint256 tokenId);
    /// @dev 1 to 128 characters of A-Z a-z 0-9 . _ : -
    error BadCapId(string capId);
    /// @dev Without an owner no other writer could be named; setWriter(0) is how to end it.
    error OwnerStays();

    /// @notice The one account that mirrors.
    address public writer;
    mapping(uint256 => Mirrored) private caps;

    constructor(address writer_) ERC721("CapOrleans CapID", "CAP") Ownable(msg.sender) {
        writer = writer_;
        emit WriterChanged(address(0), writer_);
    }

    function setWriter(address next) external onlyOwner {
        emit WriterChanged(writer, next);
        writer = next;
    }

    function renounceOwnership() public pure override {
        revert OwnerStays();
    }

    /// @notice Mints what is new and changes what is newer; the same again changes nothing.
    function mirror(Cap[] calldata changes) external {
        if (msg.sender != writer) revert NotWriter(msg.sender);
        for (uint256 i = 0; i < changes.length; i++) {
            Cap calldata change = changes[i];
            uint256 tokenId = tokenOf(change.capId);
            Mirrored storage kept = caps[tokenId];
            if (change.version <= kept.version) continue;
            bool isNew = kept.version == 0;
            if (isNew) {
                _requireCapId(change.capId);
                kept.capId = change.capId;
            }
            kept.version = change.version;
            delete kept.keys;
            for (uint256 k = 0; k < change.keys.length; k++) kept.keys.push(change.keys[k]);
            // No callback to the holder, which may be a contract: it could refuse, and stop all others.
            if (change.holder == address(0)) revert ERC721InvalidReceiver(address(0));
            if (change.holder != _ownerOf(tokenId)) super._update(change.holder, tokenId, address(0));
            if (isNew) emit Locked(tokenId);
            emit CapMirrored(tokenId, change.version, change.capId);
        }
    }

    /// @notice A CapID's token.
    function tokenOf(string calldata capId) public pure returns (uint256) {
        return uint256(keccak256(bytes(capId)));
    }

    /// @return Of the CapID's context in the log; 0 where there is no token.
    function versionOf(uint256 tokenId) external view returns (uint64) {
        return caps[tokenId].version;
    }

    /// @return capId The CapID.
    /// @return roles Of each key, for example "reporter,admin".
    /// @return keyHashes keccak256 of each key's address, in the same order.
    /// @return version Of the CapID's context in the log.
    function getCapData(uint256 tokenId)
        external
        view
        returns (string memory capId, string[] memory roles, bytes32[] memory keyHashes, uint64 version)
    {
        _requireOwned(tokenId);
        Mirrored storage kept = caps[tokenId];
        roles = new string[](kept.keys.length);
        keyHashes = new bytes32[](kept.keys.length);
        for (uint256 k = 0; k < kept.keys.length; k++) {
            roles[k] = _names(kept.keys[k].roles);
            keyHashes[k] = kept.keys[k].hash;
        }
        return (kept.capId, roles, keyHashes, kept.version);
    }

    /// @notice Whether a key may speak for a CapID in a role, by its address.
    function hasRole(uint256 tokenId, address key, uint8 role) external view returns (bool) {
        Key[] storage keys = caps[tokenId].keys;
        bytes32 hash = keccak256(abi.encodePacked(key));
        for (uint256 k = 0; k < keys.length; k++) {
            if (keys[k].hash == hash && keys[k].roles & role == role) return role != 0;
        }
        return false;
    }

    function locked(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);
        return true;
    }

    /// @notice JSON in the URI itself: nothing of it lies anywhere else. A CapID has no character that JSON escapes.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        Mirrored storage kept = caps[tokenId];
        bytes memory json = abi.encodePacked(
            '{"name":"',
            kept.capId,
            '","description":"Who may speak for this CapID, as the log of its deployment says.","attributes":[{"trait_type":"version","value":',
            Strings.toString(kept.version),
            '},{"trait_type":"keys","value":',
            Strings.toString(kept.keys.length),
            "}]}"
        );
        return string.concat("data:application/json;base64,", Base64.encode(json));
    }

    function approve(address, uint256 tokenId) public pure override {
        revert TokenLocked(tokenId);
    }

    function setApprovalForAll(address, bool) public pure override {
        revert TokenLocked(0);
    }

    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IERC5192).interfaceId || super.supportsInterface(interfaceId);
    }

    /// @dev Every transfer comes through here; `mirror` does not.
    function _update(address, uint256 tokenId, address) internal pure override returns (address) {
        revert TokenLocked(tokenId);
    }

    function _requireCapId(string calldata capId) private pure {
        bytes calldata text = bytes(capId);
        if (text.length == 0 || text.length > MAX_ID) revert BadCapId(capId);
        for (uint256 i = 0; i < text.length; i++) {
            bytes1 c = text[i];
            bool isLetter = (c >= "a" && c <= "z") || (c >= "A" && c <= "Z");
            bool isOther = (c >= "0" && c <= "9") || c == "." || c == "_" || c == ":" || c == "-";
            if (!isLetter && !isOther) revert BadCapId(capId);
        }
    }

    function _names(uint8 roles) private pure returns (string memory names) {
        if (roles & REPORTER != 0) names = "reporter";
        if (roles & RESPONDER != 0) names = string.concat(names, bytes(names).length == 0 ? "" : ",", "responder");
        if (roles & ADMIN != 0) names = string.concat(names, bytes(names).length == 0 ? "" : ",", "admin");
    }
}
