/* tests/integrations/grpc_bytes.h: messages as plain text, in place of generated classes.
 *
 *     grpc::ByteBuffer request = to_bytes("hello");
 *     std::string text = to_text(reply);
 */
#ifndef SPANLOG_TESTS_GRPC_BYTES_H
#define SPANLOG_TESTS_GRPC_BYTES_H

#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <vector>

inline grpc::ByteBuffer to_bytes(const std::string &text) {
    grpc::Slice slice(text);
    return grpc::ByteBuffer(&slice, 1);
}

inline std::string to_text(const grpc::ByteBuffer &bytes) {
    std::vector<grpc::Slice> slices;
    std::string text;
    if (!bytes.Valid() || !bytes.Dump(&slices).ok())
        return text;
    for (const grpc::Slice &slice : slices)
        text.append(reinterpret_cast<const char *>(slice.begin()), slice.size());
    return text;
}

#endif
