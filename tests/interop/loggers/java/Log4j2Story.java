import java.util.Map;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.logging.log4j.ThreadContext;

/** The story of README.md, told by log4j2; -Dlog4j2.configurationFile chooses the layout. */
class Log4j2Story {
    public static void main(String[] arguments) {
        Logger log = LogManager.getLogger("shop");
        // The Elastic agent's names for the ECS layout, OpenTelemetry's for the other.
        ThreadContext.put(arguments[0], "0af7651916cd43dd8448eb211c80319c");
        ThreadContext.put(arguments[1], "b7ad6b7169203331");
        ThreadContext.putAll(Map.of("user", "Jürgen ☃", "items", "3", "total", "12.5", "city", "Köln"));
        log.info("order placed");
        ThreadContext.removeAll(java.util.List.of("user", "items", "total", "city"));
        log.warn("stock low");
        log.error("payment failed", new IllegalStateException("card declined"));
        log.debug("cache miss");
    }
}
