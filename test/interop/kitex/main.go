// Kitex as a peer: a server of both services, which answers itself or passes every call on with Kitex's client.
//
//	peer [--transport ttheader|framed|buffered|ttheader-framed] [--mux] [--upstream HOST:PORT]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/transport"

	"volo-interop/kitex_gen/interop"
	"volo-interop/kitex_gen/interop/cloud"
	"volo-interop/kitex_gen/interop/everything"
)

var transports = map[string]transport.Protocol{
	"ttheader":        transport.TTHeader,
	"ttheader-framed": transport.TTHeaderFramed,
	"framed":          transport.Framed,
	"buffered":        transport.PurePayload,
}

// local answers by itself.
type local struct{ last atomic.Value }

func (l *local) Nothing(context.Context) error                            { return nil }
func (l *local) EchoString(_ context.Context, v string) (string, error)   { return v, nil }
func (l *local) EchoBool(_ context.Context, v bool) (bool, error)         { return v, nil }
func (l *local) EchoByte(_ context.Context, v int8) (int8, error)         { return v, nil }
func (l *local) EchoShort(_ context.Context, v int16) (int16, error)      { return v, nil }
func (l *local) EchoInt(_ context.Context, v int32) (int32, error)        { return v, nil }
func (l *local) EchoLong(_ context.Context, v int64) (int64, error)       { return v, nil }
func (l *local) EchoDouble(_ context.Context, v float64) (float64, error) { return v, nil }
func (l *local) EchoBinary(_ context.Context, v []byte) ([]byte, error)   { return v, nil }
func (l *local) EchoColour(_ context.Context, v interop.Colour) (interop.Colour, error) {
	return v, nil
}
func (l *local) EchoScalars(_ context.Context, v *interop.Scalars) (*interop.Scalars, error) {
	return v, nil
}
func (l *local) EchoContainers(_ context.Context, v *interop.Containers) (*interop.Containers, error) {
	return v, nil
}
func (l *local) EchoChoice(_ context.Context, v *interop.Choice) (*interop.Choice, error) {
	return v, nil
}
func (l *local) EchoPresence(_ context.Context, v *interop.Presence) (*interop.Presence, error) {
	return v, nil
}
func (l *local) Join(_ context.Context, a int8, b int32, c int64, d string, e []string) (string, error) {
	return strings.Join(append([]string{fmt.Sprint(a), fmt.Sprint(b), fmt.Sprint(c), d}, e...), ","), nil
}
func (l *local) Risk(_ context.Context, kind string) (string, error) {
	switch kind {
	case "refused":
		return "", &interop.Refused{Code: 7, Reason: "no"}
	case "busy":
		return "", &interop.Busy{RetryMs: 1 << 40, Detail: &interop.Scalars{Text: "later"}}
	case "bug":
		return "", errors.New("secret")
	}
	return kind, nil
}
func (l *local) Dare(_ context.Context, kind string) error {
	if kind == "refused" {
		return &interop.Refused{Code: 7, Reason: "no"}
	}
	return nil
}
func (l *local) Note(_ context.Context, text string) error { l.last.Store(text); return nil }
func (l *local) Noted(context.Context) (string, error) {
	text, _ := l.last.Load().(string)
	return text, nil
}
func (l *local) Sleep(_ context.Context, milliseconds int32) (int32, error) {
	time.Sleep(time.Duration(milliseconds) * time.Millisecond)
	return milliseconds, nil
}

func (l *local) Biz(_ context.Context, status int32, message string) (string, error) {
	return "", kerrors.NewBizStatusErrorWithExtra(status, message, map[string]string{"k": "v"})
}
func (l *local) Metainfo(ctx context.Context) (map[string]string, error) {
	p, _ := metainfo.GetPersistentValue(ctx, "P")
	t, _ := metainfo.GetValue(ctx, "T")
	metainfo.SendBackwardValue(ctx, "B", "back")
	return map[string]string{"p": p, "t": t, "caller": rpcinfo.GetRPCInfo(ctx).From().ServiceName()}, nil
}
func (l *local) Remaining(ctx context.Context) (int64, error) {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline).Milliseconds(), nil
	}
	return -1, nil
}

// relay passes calls on.
type relay struct {
	everything.Client
	cloud cloud.Client
}

func (r *relay) Nothing(c context.Context) error { return r.Client.Nothing(c) }
func (r *relay) EchoString(c context.Context, v string) (string, error) {
	return r.Client.EchoString(c, v)
}
func (r *relay) EchoBool(c context.Context, v bool) (bool, error)    { return r.Client.EchoBool(c, v) }
func (r *relay) EchoByte(c context.Context, v int8) (int8, error)    { return r.Client.EchoByte(c, v) }
func (r *relay) EchoShort(c context.Context, v int16) (int16, error) { return r.Client.EchoShort(c, v) }
func (r *relay) EchoInt(c context.Context, v int32) (int32, error)   { return r.Client.EchoInt(c, v) }
func (r *relay) EchoLong(c context.Context, v int64) (int64, error)  { return r.Client.EchoLong(c, v) }
func (r *relay) EchoDouble(c context.Context, v float64) (float64, error) {
	return r.Client.EchoDouble(c, v)
}
func (r *relay) EchoBinary(c context.Context, v []byte) ([]byte, error) {
	return r.Client.EchoBinary(c, v)
}
func (r *relay) EchoColour(c context.Context, v interop.Colour) (interop.Colour, error) {
	return r.Client.EchoColour(c, v)
}
func (r *relay) EchoScalars(c context.Context, v *interop.Scalars) (*interop.Scalars, error) {
	return r.Client.EchoScalars(c, v)
}
func (r *relay) EchoContainers(c context.Context, v *interop.Containers) (*interop.Containers, error) {
	return r.Client.EchoContainers(c, v)
}
func (r *relay) EchoChoice(c context.Context, v *interop.Choice) (*interop.Choice, error) {
	return r.Client.EchoChoice(c, v)
}
func (r *relay) EchoPresence(c context.Context, v *interop.Presence) (*interop.Presence, error) {
	return r.Client.EchoPresence(c, v)
}
func (r *relay) Join(ctx context.Context, a int8, b int32, c int64, d string, e []string) (string, error) {
	return r.Client.Join(ctx, a, b, c, d, e)
}
func (r *relay) Risk(c context.Context, kind string) (string, error) { return r.Client.Risk(c, kind) }
func (r *relay) Dare(c context.Context, kind string) error           { return r.Client.Dare(c, kind) }
func (r *relay) Note(c context.Context, text string) error           { return r.Client.Note(c, text) }
func (r *relay) Noted(c context.Context) (string, error)             { return r.Client.Noted(c) }
func (r *relay) Sleep(c context.Context, ms int32) (int32, error)    { return r.Client.Sleep(c, ms) }
func (r *relay) Remaining(c context.Context) (int64, error)          { return r.cloud.Remaining(c) }
func (r *relay) Biz(c context.Context, status int32, message string) (string, error) {
	return r.cloud.Biz(c, status, message)
}
func (r *relay) Metainfo(c context.Context) (map[string]string, error) {
	if t, ok := metainfo.GetValue(c, "T"); ok {
		c = metainfo.WithValue(c, "T", t)
	}
	onward := metainfo.WithBackwardValues(c)
	answer, err := r.cloud.Metainfo(onward)
	if b, ok := metainfo.RecvBackwardValue(onward, "B"); ok {
		metainfo.SendBackwardValue(c, "B", b)
	}
	return answer, err
}

func main() {
	name := flag.String("transport", "ttheader", "")
	mux := flag.Bool("mux", false, "")
	upstream := flag.String("upstream", "", "")
	flag.Parse()
	klog.SetLevel(klog.LevelFatal)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	address := listener.Addr()
	listener.Close()
	options := []server.Option{
		server.WithServiceAddr(address),
		server.WithMetaHandler(transmeta.ServerTTHeaderHandler),
		server.WithEnableContextTimeout(true),
		server.WithExitWaitTime(5 * time.Second),
	}
	if *mux {
		options = append(options, server.WithMuxTransport())
	}
	svr := server.NewServer(options...)
	var handler interface {
		interop.Everything
		interop.Cloud
	} = &local{}
	if *upstream != "" {
		onward := []client.Option{
			client.WithHostPorts(*upstream),
			client.WithTransportProtocol(transports[*name]),
			client.WithMetaHandler(transmeta.ClientTTHeaderHandler),
			client.WithRPCTimeout(8 * time.Second),
			client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: "volo-ts"}),
		}
		if *mux {
			onward = append(onward, client.WithMuxConnection(1))
		}
		handler = &relay{everything.MustNewClient("interop", onward...), cloud.MustNewClient("interop", onward...)}
	}
	check(everything.RegisterService(svr, handler))
	check(cloud.RegisterService(svr, handler))
	server.RegisterStartHook(func() { fmt.Println("ready", address) })
	check(svr.Run())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
