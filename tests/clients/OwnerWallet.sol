// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// A contract wallet as others have them: it takes what its owner signed (ERC-1271), and says so in its own ways.
contract OwnerWallet {
    address private immutable owner;

    constructor(address by) {
        owner = by;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        require(signature.length > 0, "no signature");
        if (signature.length == 1) {
            while (true) {} // a wallet that uses up all that it is given
        }
        if (signature.length != 65) {
            return 0xffffffff;
        }
        bytes32 r = bytes32(signature[0:32]);
        bytes32 s = bytes32(signature[32:64]);
        return ecrecover(hash, uint8(signature[64]), r, s) == owner ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}
