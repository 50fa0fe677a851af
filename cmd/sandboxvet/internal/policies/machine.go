// SPDX-License-Identifier: MIT

package policies

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/syscall-sandbox/sandbox/cmd/sandboxvet/internal/flow"
)

// A machine executes the parts of functions that make a policy. Values that do not follow
// from the source are not known; where a branch depends on one, both ways are gone.
type machine struct {
	engine *flow.Engine
	parts  map[*ssa.Function]map[ssa.Instruction]*needs
	global map[*ssa.Global]value
	inInit map[*ssa.Global]bool
	steps  int
	depth  int
}

// A state is what is known at a point of a function.
type state struct {
	env   map[ssa.Value]value
	cells []cell
	when  []string // which way was taken where it was not known
}

// An end is a way through a function to its end, or to the instruction that was asked for.
type end struct {
	state
	results parts
}

// Limits: beyond them a policy is not known.
const (
	maxBlocks  = 20000
	maxEnds    = 512
	maxDepth   = 12
	maxUnknown = 8 // how often one branch may be unknown before loops are no longer counted
)

var (
	errTooMuch = errors.New("there are too many ways to make it")
	errDeep    = errors.New("it is made by functions too deep")
)

// A point is where a run goes on.
type point struct {
	state
	block, from *ssa.BasicBlock
	next        int // instruction
}

type run struct {
	*machine
	needs   *needs
	stop    ssa.Instruction
	work    []point
	seen    map[string]bool
	unknown map[*ssa.BasicBlock]int
	ends    []end
}

// run executes a function with what is known of its arguments, to its returns, or until an
// instruction that is asked for.
func (m *machine) run(fn *ssa.Function, args, free []value, s state, stop ssa.Instruction) ([]end, error) {
	if m.depth++; m.depth > maxDepth {
		return nil, errDeep
	}
	defer func() { m.depth-- }()
	r := &run{machine: m, needs: m.needed(fn, stop), stop: stop, seen: make(map[string]bool), unknown: make(map[*ssa.BasicBlock]int)}
	env := make(map[ssa.Value]value)
	for i, p := range fn.Params {
		if i < len(args) {
			env[p] = args[i]
		}
	}
	for i, v := range fn.FreeVars {
		if i < len(free) {
			env[v] = free[i]
		}
	}
	r.push(point{state{env, s.cells, s.when}, fn.Blocks[0], nil, 0})
	for len(r.work) > 0 {
		if m.steps++; m.steps > maxBlocks || len(r.ends) > maxEnds {
			return nil, errTooMuch
		}
		p := r.work[0]
		r.work = r.work[1:]
		if err := r.block(p); err != nil {
			return nil, err
		}
	}
	return r.ends, nil
}

// push goes on at the beginning of a block, unless it was gone on from there in this state.
func (r *run) push(p point) {
	p.env = maps.Clone(p.env)
	r.phis(&p)
	var b strings.Builder
	fmt.Fprint(&b, p.block.Index, p.cells)
	for _, v := range slices.SortedFunc(maps.Keys(p.env), func(a, b ssa.Value) int { return strings.Compare(a.Name(), b.Name()) }) {
		if p.env[v] != nil && r.needs.later(v, p.block) {
			fmt.Fprint(&b, v.Name(), "=", describe(p.env[v]), ";")
		}
	}
	if key := b.String(); !r.seen[key] {
		r.seen[key] = true
		r.work = append(r.work, p)
	}
}

func (r *run) phis(p *point) {
	before := maps.Clone(p.env)
	for p.next < len(p.block.Instrs) {
		phi, ok := p.block.Instrs[p.next].(*ssa.Phi)
		if !ok {
			return
		}
		v := r.get(before, phi.Edges[slices.Index(p.block.Preds, p.from)])
		if _, isNumber := v.(uint64); isNumber && r.unknown[p.block] > maxUnknown {
			v = nil // a loop of which nobody knows how often it is gone through
		}
		p.env[phi] = v
		p.next++
	}
}

// block executes what is left of a block.
func (r *run) block(p point) error {
	p.cells = slices.Clone(p.cells)
	for ; p.next < len(p.block.Instrs); p.next++ {
		instr := p.block.Instrs[p.next]
		if instr == r.stop {
			return r.stopped(p, instr)
		}
		switch instr := instr.(type) {
		case *ssa.Return:
			results := make(parts, len(instr.Results))
			for i, v := range instr.Results {
				results[i] = r.get(p.env, v)
			}
			if r.stop == nil {
				r.ends = append(r.ends, end{p.state, results})
			}
			return nil
		case *ssa.Panic:
			return nil
		case *ssa.Jump, *ssa.If:
			return r.jump(p, instr)
		case *ssa.Call:
			ends, err := r.called(p, instr)
			if err != nil {
				return err
			}
			if len(ends) != 1 {
				for _, e := range ends {
					q := point{state{maps.Clone(p.env), e.cells, e.when}, p.block, p.from, p.next + 1}
					q.env[instr] = unpack(instr, e.results)
					r.work = append(r.work, q)
				}
				return nil
			}
			p.cells, p.when = slices.Clone(ends[0].cells), ends[0].when
			p.env[instr] = unpack(instr, ends[0].results)
		default:
			if err := r.simple(&p, instr); err != nil {
				return err
			}
		}
	}
	return nil
}

func unpack(call *ssa.Call, results parts) value {
	switch {
	case call.Call.Signature().Results().Len() != 1:
		return results
	case len(results) == 1:
		return results[0]
	}
	return nil
}

// stopped ends a run at the instruction that was asked for. A load is done first.
func (r *run) stopped(p point, instr ssa.Instruction) error {
	_, isCall := instr.(ssa.CallInstruction)
	if _, isValue := instr.(ssa.Value); isValue && !isCall {
		if err := r.simple(&p, instr); err != nil {
			return err
		}
	}
	r.ends = append(r.ends, end{state: p.state})
	return nil
}

func (r *run) jump(p point, instr ssa.Instruction) error {
	branch, isIf := instr.(*ssa.If)
	if !isIf {
		r.push(point{p.state, p.block.Succs[0], p.block, 0})
		return nil
	}
	if known, ok := r.get(p.env, branch.Cond).(bool); ok && r.needs.conds[branch] {
		way := 0
		if !known {
			way = 1
		}
		r.push(point{p.state, p.block.Succs[way], p.block, 0})
		return nil
	}
	r.unknown[p.block]++
	for i, next := range p.block.Succs {
		s := p.state
		if r.needs.conds[branch] {
			where := r.engine.Where(branch)
			s.when = append(slices.Clip(s.when), fmt.Sprintf("%s:%d %t", where.Filename, where.Line, i == 0))
		}
		r.push(point{s, next, p.block, 0})
	}
	return nil
}

// get is what is known of an operand.
func (m *machine) get(env map[ssa.Value]value, v ssa.Value) value {
	switch v := v.(type) {
	case *ssa.Const:
		return constantOf(v)
	case *ssa.Function:
		return closure{fn: v}
	}
	return env[v]
}
