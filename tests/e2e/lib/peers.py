"""Programs of others that tests run against. scripts/setup unpacks them beside the build, under build/ of the source tree."""
import os
import shutil

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def nginx_program():
    """HAWSER_NGINX, else the one that setup unpacked, else the machine's own."""
    unpacked = os.path.join(ROOT, "build/tools/nginx/usr/sbin/nginx")
    found = os.environ.get("HAWSER_NGINX") or (unpacked if os.access(unpacked, os.X_OK) else None) \
        or shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not found:
        raise RuntimeError("no nginx: run scripts/setup peers, or set HAWSER_NGINX")
    return found


def node_modules():
    """HAWSER_NODE_MODULES, else the folder that setup filled."""
    found = os.environ.get("HAWSER_NODE_MODULES") or os.path.join(ROOT, "build/npm/node_modules")
    if not os.path.isdir(found):
        raise RuntimeError("no npm packages: run scripts/setup peers, or set HAWSER_NODE_MODULES")
    return found
